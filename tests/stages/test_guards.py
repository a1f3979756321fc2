import pytest

from pipeline.stages.guards import boilerplate, refused, repeated
from pipeline.stages.recogniser import Recognised


def segment(
    text: str, *, no_speech: float = 0.1, logprob: float = -0.3, compression: float = 1.2
) -> Recognised:
    return Recognised(text, (), no_speech, logprob, compression)


def test_no_speech_and_low_probability_together_refuse() -> None:
    assert refused(segment("谢谢观赏", no_speech=0.9, logprob=-1.4), voice_s=2).startswith("no speech")


@pytest.mark.parametrize(("no_speech", "logprob"), [(0.9, -0.4), (0.1, -1.4)])
def test_either_alone_does_not(no_speech: float, logprob: float) -> None:
    assert refused(segment("请问您听得到吗", no_speech=no_speech, logprob=logprob), voice_s=2) == ""


def test_loops_are_refused_by_text_and_by_compression() -> None:
    assert "loop" in refused(segment("我们会尽快" * 6), voice_s=10)
    assert "loop" in refused(segment("好" * 20, compression=2.1), voice_s=10)
    assert "compression" in refused(segment("您好请问有什么可以帮到您", compression=3.0), voice_s=4)


@pytest.mark.parametrize("text", ["对对对对对", "嗯嗯嗯", "好的好的好的", "谢谢谢谢谢谢", "八八八八零零零零"])
def test_people_repeat_themselves_and_may(text: str) -> None:
    assert repeated(text) == ""


def test_more_characters_than_a_mouth_can_say_are_refused() -> None:
    assert "too fast" in refused(segment("请不要忘记给我们的服务打分谢谢"), voice_s=0.5)
    assert refused(segment("好的谢谢"), voice_s=0.2) == ""


@pytest.mark.parametrize(
    "text",
    ["(音乐播放中)", "（笑）", "[音乐]", "♪♪♪", "【背景音乐】", "字幕由Amara.org社区提供", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",  # noqa: E501
     "谢谢观看", "中文字幕志愿者 李宗盛", "以下是普通话的句子"],
)  # fmt: skip
def test_labels_and_credits_are_refused(text: str) -> None:
    assert boilerplate(text)


@pytest.mark.parametrize(
    "text",
    [
        "感谢您的来电,再见",
        "谢谢您的关注",
        "您订阅的套餐(含流量)已经到期",
        "请对我的服务进行评价",
        "我想退订这个节目",
        "字幕怎么打开呢",
        "您在我们平台上看到的本视频由第三方上传,如需投诉我可以帮您登记",
    ],
)
def test_service_talk_is_not(text: str) -> None:
    assert boilerplate(text) == ""
