"""Every word of the reports, in Chinese and English."""

from typing import Final

import msgspec


class Both(msgspec.Struct, frozen=True):
    """A text in both languages; in the page one of them is seen."""

    zh: str
    en: str


Text = Both | str  # a plain string is the same in both: a number, a name, what somebody wrote

ACTIONS: Final = {
    "log_in": Both("登录", "log in"),
    "papers": Both("考试列表", "list of exams"),
    "enter": Both("进入考试", "enter"),
    "portrait": Both("人脸核验", "portrait"),
    "start": Both("去考试", "start"),
    "paper": Both("取试卷", "paper"),
    "connect": Both("建立连接", "connect"),
    "resume": Both("恢复连接", "resume"),
    "answer": Both("作答", "answer"),
    "clear": Both("清除答案", "clear an answer"),
    "mark": Both("标记题目", "mark an item"),
    "heartbeat": Both("心跳", "heartbeat"),
    "snapshot": Both("抓拍上传", "snapshot"),
    "signals": Both("行为信号", "signals"),
    "hand_in": Both("交卷", "hand in"),
    "board_open": Both("打开监考台", "open a board"),
    "board_frame": Both("监考台更新", "board update"),
    "act": Both("监考操作", "invigilator's act"),
    "act_received": Both("操作送达考生", "act reaches the candidate"),
    "review_page": Both("审核列表", "review list"),
    "review_decide": Both("审核决定", "review decision"),
}
PARTS: Final = {
    "serving": Both("服务进程", "serving"),
    "vision": Both("人脸识别", "vision"),
    "postgres": Both("数据库", "PostgreSQL"),
    "valkey": Both("缓存", "Valkey"),
    "generator": Both("压测程序", "load generator"),
    "other": Both("其他", "other"),
}
FAULTS: Final = {
    "kill": Both("杀进程", "kill"),
    "postgres": Both("数据库停", "PostgreSQL"),
    "valkey": Both("缓存停", "Valkey"),
    "net": Both("网络差", "bad network"),
    "cut": Both("断网", "cut"),
    "clock": Both("拨时钟", "clock"),
    "disk": Both("磁盘满", "disk full"),
    "vision": Both("识别慢", "slow vision"),
}
OUTCOMES: Final = {
    "handed_in": Both("主动交卷", "handed in"),
    "bell": Both("到时收卷", "the bell"),
    "cut_off": Both("压测先结束", "the run ended first"),
}
HABITS: Final = {
    "steady": Both("平稳作答", "steady"),
    "hasty": Both("答得快", "hasty"),
    "doubter": Both("反复修改", "doubter"),
    "unlucky_network": Both("网络不好", "unlucky network"),
    "phone_swapper": Both("中途换手机", "phone swapper"),
    "page_leaver": Both("常切出页面", "page leaver"),
    "idler": Both("长时间不动", "idler"),
    "bell_ringer": Both("答到铃响", "bell ringer"),
}
CLASSES: Final = {
    "lost": Both("已确认的操作丢失", "acknowledged and lost"),
    "invented": Both("无人发送却有记录", "recorded though nobody sent it"),
    "duplicated": Both("重复记录", "recorded twice"),
    "reordered": Both("次序颠倒", "out of order"),
    "moved": Both("截止时间变动", "deadline moved"),
    "after_bell": Both("铃后作答计入成绩", "counted after the bell"),
    "hand_ins": Both("交卷重复或缺失", "hand-in twice or missing"),
    "marks": Both("判分有误", "wrong marks"),
    "chain": Both("日志摘要链断裂", "broken chain of the journal"),
    "lies": Both("服务端答复不实", "the server said what is not so"),
    "unaccounted": Both("有作答无考生记录", "attempts without a history"),
}
FIGURES: Final = {
    "count": Both("次数", "count"),
    "failed": Both("失败次数", "failed"),
    "failed_share": Both("失败比例", "share failed"),
    "rate_per_s": Both("每秒次数", "rate per second"),
    "p50_s": Both("p50 延迟", "p50 latency"),
    "p95_s": Both("p95 延迟", "p95 latency"),
    "p99_s": Both("p99 延迟", "p99 latency"),
    "p999_s": Both("p99.9 延迟", "p99.9 latency"),
    "max_s": Both("最大延迟", "longest latency"),
    "served_p50_s": Both("p50 延迟（从发送算起）", "p50 latency from sending"),
    "served_p95_s": Both("p95 延迟（从发送算起）", "p95 latency from sending"),
    "served_p99_s": Both("p99 延迟（从发送算起）", "p99 latency from sending"),
    "served_p999_s": Both("p99.9 延迟（从发送算起）", "p99.9 latency from sending"),
}
WHOLE: Final = {
    "errors": Both("错误次数", "errors"),
    "excused": Both("故障期间的错误次数", "errors that faults explain"),
    "error_share": Both("错误比例", "share of errors"),
    "lag_s": Both("压测程序最大迟滞", "longest lag of the generator"),
    "answers_per_s": Both("每秒作答", "answers per second"),
    "violations": Both("核对发现的问题", "violations found by the checker"),
    "acknowledged": Both("已确认的作答等操作", "acknowledged commands"),
    "peak_open": Both("同时在考人数峰值", "most attempts open at once"),
    "peak_open_share": Both("同时在考人数峰值占考生比例", "most attempts open at once, share of candidates"),
    "peak_sockets": Both("同时在线连接峰值", "most sockets at once"),
    "peak_boards": Both("同时打开监考台峰值", "most boards at once"),
    "memory_per_attempt_kb": Both("每个在考者占用的服务内存（kB）", "serving memory per open attempt (kB)"),
    "memory_peak_mb": Both("服务进程内存峰值（MB）", "most memory of the serving processes (MB)"),
    "recovery_s": Both("故障后最长恢复时间", "longest recovery after a fault"),
    "answers_to_echo": Both("每秒作答与空转回显之比", "answers per second, ratio to a bare echo"),
    "host_cpu": Both("整机处理器峰值（核）", "most processor use of the host (cores)"),
    "bell.final_p999_s": Both("到时后 99.9% 收卷完成", "99.9 % final after the bell"),
    "bell.final_max_s": Both("到时后最后一份收卷完成", "last one final after the bell"),
    "bell.attempts": Both("由铃声收卷的人数", "attempts that the bell ended"),
    "bell.overdue": Both("到时后仍未收卷", "still running after the bell"),
    "marked_s": Both("到时后全部判分完成", "all marked after the bell"),
    "bells": Both("由铃声收卷的人数（按日志）", "attempts that the bell ended, by the journal"),
    "bell_late_max_s": Both("收卷迟于时限的最大值（按日志）", "latest end after the bell, by the journal"),
    "bell_late_p999_s": Both("收卷迟于时限 p99.9（按日志）", "p99.9 of the ends after the bell, by the journal"),
    "unmarked": Both("尚未判分", "not marked yet"),
    "cores.serving": Both("服务进程使用的核数（平均）", "cores of the serving processes (mean)"),
    "cores.postgres": Both("数据库使用的核数（平均）", "cores of PostgreSQL (mean)"),
    "commits_per_s": Both("数据库每秒提交", "commits per second"),
    "rows_written_per_s": Both("数据库每秒写入行", "rows written per second"),
    "wal_bytes_per_s": Both("数据库日志每秒写入", "write-ahead log per second"),
    "echo_per_s": Both("空转回显每秒次数", "bare echoes per second"),
}
STEADY: Final = Both("稳定段：", "steady part: ")


def action_words(name: str) -> Text:
    """An action as people call it."""
    return ACTIONS.get(name, name)


def figure_words(name: str) -> Text:
    """A target's figure as people call it."""
    if name in WHOLE:
        return WHOLE[name]
    plain = name.removeprefix("steady.")
    action, _, last = plain.rpartition(".")
    if last not in FIGURES and plain not in WHOLE:
        return name
    words = WHOLE.get(plain) or joined(action_words("board_frame" if action == "board" else action), " ", FIGURES[last])
    return joined(STEADY, words) if plain != name else words


def joined(*texts: Text) -> Both:
    """One after the other."""
    return Both("".join(map(zh, texts)), "".join(map(en, texts)))


def zh(text: Text) -> str:
    """In Chinese."""
    return text if isinstance(text, str) else text.zh


def en(text: Text) -> str:
    """In English."""
    return text if isinstance(text, str) else text.en
