"""`qingliu alerting test-channel`: one message at once, to see that a channel works."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from registry.config import CentreSettings, load_centre
from service.columns import aligned
from service.process import complain, now_ms

if TYPE_CHECKING:
    from notify.post import Post
    from registry.notify_settings import Channel

HELP = "send a test message through the channels of [notify]"
EXAMPLES = """The message goes out at once, whatever the hours, level and roster of a channel say.
Exit code 0 means that all took it.

examples:
  qingliu alerting test-channel duty-desk
  qingliu alerting test-channel --list
"""
_HEADS = {
    "zh-CN": ("渠道", "类型", "最低级别", "时段", "层级", "内容", "县区", "语言"),
    "en": ("channel", "kind", "severity", "hours", "level", "tells", "counties", "language"),
}
_WORDS = {
    "zh-CN": {
        "sent": "{name}：已发出，用时 {seconds:.1f} 秒",
        "failed": "{name}：未发出：{why}",
        "none": "[notify] 中没有配置渠道",
    },
    "en": {
        "sent": "{name}: sent in {seconds:.1f} s",
        "failed": "{name}: not sent: {why}",
        "none": "there are no channels in [notify]",
    },
}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = f"{HELP[0].upper()}{HELP[1:]}."
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", nargs="?", metavar="NAME", help="only this channel [all]")
    parser.add_argument(
        "--list", action="store_true", help="send nothing, show the channels and their routes"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--config", type=Path, help="centre.toml")
    parser.set_defaults(run=_run, prog=parser.prog)


def _run(arguments: argparse.Namespace) -> int:
    from notify.post import post_of  # noqa: PLC0415 - the libraries are loaded on use

    settings = load_centre(arguments.config)
    post = post_of(settings.notify, settings.zone, settings.centre.language)
    known = [each.name for each in post.channels]
    if arguments.name is not None and arguments.name not in known:
        remedy = f"Known: {', '.join(known)}." if known else "Add it to [notify]."
        rule = f"must be a channel of [notify] (got {arguments.name[:40]!r})"
        complain([f"{arguments.prog}: NAME: {rule}. {remedy}"])
        return 2
    chosen = [each for each in post.channels if arguments.name in (None, each.name)]
    if not chosen and not arguments.json:
        print(_WORDS[settings.centre.language]["none"])
        return 0
    if arguments.list:
        _list(arguments, settings, chosen)
        return 0
    return _send(arguments, settings, post, chosen)


def _list(arguments: argparse.Namespace, settings: CentreSettings, channels: "list[Channel]") -> None:
    rows = [_routes(each, settings.centre.language) for each in channels]
    if arguments.json:
        objects = [dict(zip(_HEADS["en"], row, strict=True)) for row in rows]
        print(json.dumps(objects, ensure_ascii=False, indent=2))
        return
    lines = [[" ".join(cell) if isinstance(cell, list) else str(cell) for cell in row] for row in rows]
    shown = [[text or "-" for text in line] for line in lines]
    print(*aligned([_HEADS[settings.centre.language], *shown]), sep="\n")


def _routes(channel: "Channel", language: str) -> tuple[str | int | list[str], ...]:
    """What may be shown of a channel: of its address the kind alone."""
    from notify.address import scheme_of  # noqa: PLC0415 - likewise
    from notify.transport import DeliveryError  # noqa: PLC0415 - likewise

    try:
        kind = scheme_of(channel.url)
    except DeliveryError as error:
        kind = str(error)
    tells = [str(each) for each in channel.tells]
    return (
        channel.name, kind, channel.severity, channel.hours, channel.level, tells, channel.counties,
        channel.language or language,
    )  # fmt: skip


def _send(
    arguments: argparse.Namespace, settings: CentreSettings, post: "Post", channels: "list[Channel]"
) -> int:
    from notify.trial import tried  # noqa: PLC0415 - the libraries are loaded on use

    outcomes = [tried(post, each, now_ms()) for each in channels]
    words = _WORDS[settings.centre.language]
    if arguments.json:
        objects = [
            {"channel": each.channel, "sent": not each.error, "seconds": round(each.seconds, 3),
             "error": each.error or None}
            for each in outcomes
        ]  # fmt: skip
        print(json.dumps(objects, ensure_ascii=False, indent=2))
    else:
        for each in outcomes:
            form = words["failed"] if each.error else words["sent"]
            print(form.format(name=each.channel, seconds=each.seconds, why=each.error))
    return 1 if any(each.error for each in outcomes) else 0
