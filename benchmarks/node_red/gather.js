// The body of the flow's function node: readings of a message to points, points to writes of a batch each.
const readings = msg.payload.readings;
if (readings.length === 0) {
  node.log("an empty batch came"); // an agent's first word; the benchmark waits for it
  return null;
}
const station = msg.topic.split("/")[2];
const gathered = context.get("gathered"); // made by the node's On Start
const points = gathered.points;
for (const each of readings) {
  const fields = each.x || {};
  if (each.q) {
    fields.quality = each.q;
  }
  points.push({ measurement: each.k, tags: { station, device: each.d }, fields, timestamp: each.t });
}
if (points.length >= gathered.most) {
  clearTimeout(gathered.timer);
  gathered.timer = null;
  gathered.points = [];
  return { payload: points };
}
if (gathered.timer === null) {
  gathered.timer = setTimeout(() => {
    const rest = gathered.points;
    gathered.timer = null;
    gathered.points = [];
    node.send({ payload: rest }, false); // false: not to be copied
  }, 1000);
}
return null;
