"""Why a serial port cannot be used, in the reader's language."""

from typing import Literal

from edge_agent.language import Language

PortFault = Literal["missing", "no_serial", "forbidden", "in_use", "settings", "unusable", "gone"]

PORT_WORDS: dict[Language, dict[PortFault, str]] = {
    "en": {
        "missing": "port {port}: there is no such device: is the adapter plugged in?",
        "no_serial": "port {port}: is no serial port: name the adapter's device file",
        "forbidden": "port {port}: no permission: add the user to the group dialout",
        "in_use": "port {port}: another program uses it: stop that program",
        "settings": "port {port}: cannot do {found}: choose other settings or another adapter",
        "unusable": "port {port}: cannot be opened: {found}",
        "gone": "port {port}: the adapter is gone: {found}",
    },
    "zh-CN": {
        "missing": "串口 {port}：没有此设备，适配器插好了吗？",
        "no_serial": "串口 {port}：不是串口，请填写适配器的设备文件",
        "forbidden": "串口 {port}：无权使用，请用 sudo，或把用户加入 dialout 组",
        "in_use": "串口 {port}：被其他程序占用，请先停止该程序",
        "settings": "串口 {port}：不支持 {found}，请换参数或换适配器",
        "unusable": "串口 {port}：无法打开（{found}）",
        "gone": "串口 {port}：适配器已断开（{found}）",
    },
}
