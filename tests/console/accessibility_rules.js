/* Rules that every page of the console keeps; each function returns what breaks one, in words. */
(() => {
  const shown = (e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && e.checkVisibility({ visibilityProperty: true }) && !e.closest("[hidden]");
  };
  const told = (e) => {
    const text = e.textContent.trim().replace(/\s+/g, " ").slice(0, 30);
    return `<${e.tagName.toLowerCase()}${e.id ? " #" + e.id : ""}${e.className && e.className.baseVal === undefined ? " ." + e.className : ""}> ${text}`;
  };
  const all = (query) => [...document.querySelectorAll(query)];
  const byIds = (text) => text.split(/\s+/).map((id) => document.getElementById(id));

  function name(e) {
    if (e.getAttribute("aria-label")) return e.getAttribute("aria-label").trim();
    const by = e.getAttribute("aria-labelledby");
    if (by) return byIds(by).map((each) => (each ? each.textContent : "")).join(" ").trim();
    if (e.labels && e.labels.length) return [...e.labels].map((each) => each.textContent).join(" ").trim();
    if (["INPUT", "SELECT", "TEXTAREA"].includes(e.tagName)) return ["submit", "button"].includes(e.type) ? e.value : "";
    return (e.textContent || e.getAttribute("title") || "").trim();
  }

  function structure() {
    const faults = [];
    const no = (is, text) => { if (!is) faults.push(text); };
    no(document.title.trim(), "no title");
    no(all("main").length === 1, "not one main");
    no(all("body > header").length === 1, "not one header");
    no(all("h1").filter(shown).length === 1, "not one h1");
    no(all("[aria-live], [role=status], [role=alert]").length > 0, "nothing tells of changes");
    const skip = document.querySelector("a[href='#main']");
    no(skip && document.querySelector("a[href]") === skip, "the first link does not skip to the content");
    for (const nav of all("nav")) no(name(nav) || all("nav").length === 1, "a navigation without a name");
    let level = 0;
    for (const heading of all("h1, h2, h3, h4, h5, h6").filter(shown)) {
      const own = Number(heading.tagName[1]);
      no(own <= level + 1, `heading leaps: ${told(heading)}`);
      no(heading.textContent.trim(), "an empty heading");
      level = own;
    }
    const seen = new Set();
    for (const each of all("[id]")) { no(!seen.has(each.id), `id twice: ${each.id}`); seen.add(each.id); }
    for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls"]) {
      for (const each of all(`[${attribute}]`)) no(byIds(each.getAttribute(attribute)).every(Boolean), `${attribute} points nowhere: ${told(each)}`);
    }
    for (const each of all("a[href^='#']")) no(document.getElementById(each.getAttribute("href").slice(1)), `link points nowhere: ${told(each)}`);
    for (const each of all("[tabindex]")) no(each.tabIndex <= 0, `tab order forced: ${told(each)}`);
    for (const each of all("[aria-hidden=true] a[href], [aria-hidden=true] button, [aria-hidden=true] input")) no(each.tabIndex < 0, `hidden but reachable: ${told(each)}`);
    for (const each of all("img")) no(each.hasAttribute("alt"), `picture without alt: ${each.src}`);
    for (const each of all("svg")) no(each.closest("[aria-hidden=true], [role=img]") || name(each), `drawing neither hidden nor named: ${told(each.parentNode)}`);
    for (const each of all("[role=img]")) no(name(each), `drawing without a name: ${told(each)}`);
    for (const list of all("ul, ol")) no([...list.children].every((e) => e.tagName === "LI"), `list of something else: ${told(list)}`);
    for (const list of all("dl")) no([...list.children].every((e) => ["DT", "DD", "DIV"].includes(e.tagName)), `list of something else: ${told(list)}`);
    return faults;
  }

  function controls() {
    const faults = [];
    for (const each of all("a[href], button, select, textarea, summary, input:not([type=hidden])")) {
      if (each.closest("[hidden]") || each.closest("svg[aria-hidden=true]")) continue;
      if (!name(each)) faults.push(`control without a name: ${told(each.parentNode)} ${each.outerHTML.slice(0, 120)}`);
    }
    const looks = new Set();
    for (const each of all("a[href], button, select, textarea, summary, input:not([type=hidden])").filter(shown)) {
      if (each.tabIndex < 0 || each.disabled) continue;
      const look = each.tagName + "." + each.className + "." + (each.type || "");
      if (looks.has(look)) continue;
      looks.add(look);
      each.focus({ preventScroll: true });
      const style = getComputedStyle(each);
      const isSeen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
      if (document.activeElement === each && !isSeen) faults.push(`focus is not seen: ${told(each)}`);
    }
    if (document.activeElement) document.activeElement.blur();
    return faults;
  }

  function tables() {
    const faults = [];
    for (const table of all("table")) {
      if (!table.caption || !table.caption.textContent.trim()) faults.push(`table without a caption: ${told(table)}`);
      for (const head of table.querySelectorAll("th")) {
        if (!head.scope) faults.push(`th without scope: ${told(head)}`);
        if (!head.textContent.trim() && !head.getAttribute("aria-label")) faults.push(`empty th in: ${told(table)}`);
      }
      if (!table.querySelector("th")) faults.push(`table without th: ${told(table)}`);
      const grid = [];
      [...table.rows].forEach((row, at) => {
        grid[at] = grid[at] || 0;
        for (const cell of row.cells) {
          for (let down = 0; down < cell.rowSpan; down += 1) grid[at + down] = (grid[at + down] || 0) + cell.colSpan;
        }
      });
      if (new Set(grid).size > 1) faults.push(`rows of different width (${[...new Set(grid)]}): ${told(table)}`);
    }
    return faults;
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = new Map();
  function colour(text) {
    if (!parsed.has(text)) {
      const found = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
      if (found) parsed.set(text, [Number(found[1]), Number(found[2]), Number(found[3]), found[4] === undefined ? 1 : Number(found[4])]);
      else {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        parsed.set(text, [r, g, b, a / 255]);
      }
    }
    return parsed.get(text);
  }
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  function luminance(c) {
    const [r, g, b] = c.slice(0, 3).map((v) => { const s = v / 255; return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function ground(e) {
    if (!e) return [255, 255, 255, 1];
    const own = colour(getComputedStyle(e).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(e.parentElement));
  }
  function contrast() {
    const faults = new Map();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const e = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || !shown(e) || e.closest("script, style, noscript, .unseen, .skip, caption, svg, :disabled")) continue;
      const style = getComputedStyle(e);
      const under = ground(e);
      let opacity = 1;
      for (let each = e; each; each = each.parentElement) opacity *= Number(getComputedStyle(each).opacity);
      const ink = colour(style.color).slice();
      ink[3] *= opacity;
      const [light, dark] = [luminance(over(ink, under)), luminance(under)].sort((a, b) => b - a);
      const ratio = (light + 0.05) / (dark + 0.05);
      const size = parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      if (ratio < least - 0.005) faults.set(`${style.color} on ${under.map(Math.round)}`, `contrast ${ratio.toFixed(2)}: ${told(e)}`);
    }
    return [...faults.values()];
  }

  function narrow() {
    const faults = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) {
      for (const each of all("body *").filter(shown)) {
        const box = each.getBoundingClientRect();
        if (box.right <= width + 1 || box.left < -5000) continue;
        let scroller = each.parentElement;
        while (scroller && getComputedStyle(scroller).overflowX === "visible") scroller = scroller.parentElement;
        if (!scroller || scroller === document.documentElement || scroller === document.body) { faults.push(`wider than ${width} px: ${told(each)}`); break; }
      }
      faults.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} px`);
    }
    return faults;
  }

  const afloat = (e) => {
    for (let each = e; each; each = each.parentElement) if (["fixed", "sticky"].includes(getComputedStyle(each).position)) return each;
    return null;
  };
  /* WCAG 2.2, 2.5.8: 24 px, or 24 px around its middle free of other targets, or within a sentence. */
  function targets() {
    const faults = [];
    const own = all("a[href], button, select, textarea, summary, input:not([type=hidden])").filter((e) => shown(e) && !e.closest("svg") && !e.closest(".skip"));
    const floats = own.map(afloat); // what floats over the rest is beside it only for a moment
    const boxes = own.map((e) => (e.labels && e.labels.length && ["checkbox", "radio"].includes(e.type) && e.labels[0].contains(e) ? e.labels[0] : e).getBoundingClientRect());
    own.forEach((e, i) => {
      const box = boxes[i];
      if (box.width >= 24 && box.height >= 24) return;
      if ([...e.parentNode.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) return;
      const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
      const other = own.find((o, k) => {
        if (k === i || floats[k] !== floats[i] || o.contains(e) || e.contains(o)) return false;
        const b = boxes[k];
        const dx = Math.max(b.left - x, 0, x - b.right), dy = Math.max(b.top - y, 0, y - b.bottom);
        return Math.hypot(dx, dy) < 12;
      });
      if (other) faults.push(`small (${box.width.toFixed(0)} x ${box.height.toFixed(0)}) and close to ${told(other)}: ${told(e)}`);
    });
    return faults;
  }

  return { structure, controls, tables, contrast, narrow, targets };
})()
