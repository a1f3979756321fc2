"""Every operator: a hit, a miss, and what makes it unknown."""

import pytest

TALK = "坐席: 您好,请问有什么可以帮您\n客户: 我的电话是一三八零零一三八零零零\n坐席: 好的,我查一下订单\n客户: 谢谢"


@pytest.mark.parametrize(
    ("condition", "dialogue", "value"),
    [
        # words
        ("{say: greeting}", TALK, "hit"),
        ("{say: [farewell, greeting]}", TALK, "hit"),
        ("{say: greeting, role: customer}", TALK, "miss"),
        ("{say: {theme: greeting, min_score: 1}}", TALK, "hit"),
        ("{say: {theme: greeting, min_score: 1}}", "坐席: 您好,请问有什么可以邦您", "miss"),
        ("{say: greeting}", "坐席: 您好,请问有什么可以邦您", "hit"),
        ("{say: angry, role: customer}", "客户: 你们这服务真的太差了吧", "hit"),
        ("{say: dont_know}", "坐席: 您知不知道地址", "miss"),
        ("{keyword: 订单}", TALK, "hit"),
        ("{keyword: 订单, role: customer}", TALK, "miss"),
        ("{keyword: {all: [查, 订单]}}", TALK, "hit"),
        ("{keyword: {all: [您好, 订单]}}", TALK, "miss"),
        ("{keyword: {all: [您好, 订单], per: joined}}", TALK, "hit"),
        ("{keyword: {all: [好的, 订单], per: clause}}", TALK, "miss"),
        ("{keyword: {any: [订单], none: [好的]}}", TALK, "miss"),
        ("{keyword: {of: [查, 订单, 发票], at_least: 2}}", TALK, "hit"),
        ("{keyword: {of: [查, 订单, 发票], at_least: 3}}", TALK, "miss"),
        ("{keyword: {of: [您好, 订单, 发票], at_least: 2}}", TALK, "miss"),
        ("{keyword: {of: [您好, 订单, 发票], at_least: 2, per: joined}}", TALK, "hit"),
        ("{keyword: {any: [您好], none: [发票], per: joined}}", TALK, "hit"),
        ("{keyword: {any: [您好], none: [订单], per: joined}}", TALK, "miss"),
        ("{keyword: {any: [订单], none: [好的], per: clause}}", TALK, "hit"),
        ("{keyword: 訂單}", TALK, "hit"),  # 繁 and 简 are one
        ("{keyword: '1380'}", "坐席: 一三八零", "hit"),
        ("{regex: '查.{0,3}订单'}", TALK, "hit"),
        ("{regex: {pattern: 订单, exclude: 一下订单}}", TALK, "miss"),
        ("{similar: [我帮您查一下订单], role: agent}", TALK, "hit"),
        ("{similar: {samples: [今天天气真好啊], threshold: 80}}", TALK, "miss"),
        ("{entity: phone, role: customer}", TALK, "hit"),
        ("{entity: [amount, id_number], role: any}", TALK, "miss"),
        ("{entity: phone}", "坐席: 零五七一八八八六六六二二", "hit"),
        ("{entity: id_number}", "坐席: 三三零一零六一九九零零一零一一二三四", "hit"),
        (
            "{entity: phone}",
            "坐席: 三三零一零六一九九零零一零一一二三四",
            "miss",
        ),  # eleven digits of eighteen
        ("{entity: amount}", "坐席: 一共一百二十块钱", "hit"),
        ("{entity: time}", "坐席: 下午三点半给您回电话", "hit"),
        ("{entity: date}", "坐席: 是十一月二十号的票", "hit"),
        ("{entity: address}", "坐席: 寄到文三路九十号对吗", "hit"),
        ("{entity: name}", "坐席: 王先生您好", "hit"),
        ("{entity: [time, date, address, name]}", "坐席: 好的没问题", "miss"),
        ("{language: en, role: customer}", "客户: Hello can you speak English\n坐席: 您好", "hit"),
        ("{language: yue, role: customer}", "客户: 唔该我想问下呢个嘅价钱系几多", "hit"),
        ("{language: [en, yue], role: customer}", TALK, "miss"),
        # talk
        ("{utterance: {}, role: customer}", "坐席: 喂", "miss"),
        ("{utterance: {min_chars: 8}}", TALK, "hit"),
        ("{utterance: {min_s: 3}}", "0-4 坐席: 好的\n5-6 客户: 喂", "hit"),
        ("{utterance: {min_s: 3}}", "0-2 坐席: 好的\n5-9 客户: 喂", "miss"),
        ("{utterance: {min_chars: 8, except: greeting}}", "坐席: 您好请问有什么可以帮您", "miss"),
        ("{utterance: {max_chars: 2}, role: customer}", TALK, "hit"),
        ("{speaker: first}", TALK, "hit"),
        ("{speaker: last}", TALK, "miss"),
        ("{speaker: -1, role: customer}", TALK, "hit"),
        ("{speaker: 2, role: customer}", TALK, "hit"),
        ("{speaker: 9, role: customer}", TALK, "miss"),
        ("{rate: {max: 300}}", "0-2 坐席: 您好请问有什么可以帮到您的地方吗请您说", "hit"),
        ("{rate: {max: 300}}", "0-6 坐席: 您好请问有什么可以帮到您的地方吗请您说", "miss"),
        ("{rate: {min: 100, per: average}}", "0-30 坐席: 您好请问有什么可以帮到您的地方吗请您说", "hit"),
        ("{rate: {max: 300}}", "坐席: 您好", "unknown"),
        ("{rate: {max: 300, min_chars: 2}}", "0-0.3 坐席: 您好", "hit"),
        (
            "{rate: {max: 400, per: average}}",
            "0-2 坐席: 您好请问有什么可以帮到您的地方吗\n3-9 坐席: 请您提供一下您的订单号码好吗谢谢",
            "miss",
        ),
        ("{repeat: {}}", "坐席: 请您提供一下订单号\n客户: 啊\n坐席: 请您提供一下订单号", "hit"),
        ("{repeat: {times: 3}}", "坐席: 请您提供一下订单号\n客户: 啊\n坐席: 请您提供一下订单号", "miss"),
        (
            "{repeat: {within: 1}}",
            "坐席: 请您提供一下订单号\n坐席: 嗯\n坐席: 请您提供一下订单号",
            "miss",
        ),
        (
            "{repeat: {times: 3}}",
            "坐席: 请您提供一下订单号\n坐席: 请您提供一下订单号\n坐席: 请您提供一下订单号码",
            "hit",
        ),
        ("{repeat: {similarity: 1}}", "坐席: 请您提供一下订单号\n坐席: 请您提供一下单号", "miss"),
        ("{repeat: {min_chars: 20}}", "坐席: 请您提供一下订单号\n坐席: 请您提供一下订单号", "miss"),
        (
            "{repeat: {except: greeting}}",
            "坐席: 您好请问有什么可以帮您\n坐席: 您好请问有什么可以帮您",
            "miss",
        ),
        ("{interruption: {}}", "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说", "hit"),
        ("{interruption: {}}", "客户: 我想要问一下我那个订单\n坐席(附和): 嗯嗯", "miss"),
        (
            "{interruption: {}, role: customer}",
            "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说",
            "miss",
        ),
        ("{interruption: {min_chars: 9}}", "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说", "miss"),
        ("{interruption: {after_s: 60}}", "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说", "miss"),
        ("{interruption: {min_s: 30}}", "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说", "miss"),
        (
            "{interruption: {}, count: {min: 2}}",
            "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说\n客户: 我想要问一下\n坐席(打断): 别说了",
            "hit",
        ),
        (
            "{interruption: {}, count: {min: 2}}",
            "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说",
            "miss",
        ),
        ("{interruption: {kinds: backchannel}}", "客户: 我想要问一下我那个订单\n坐席(附和): 嗯嗯", "hit"),
        ("{interruption: {gave_way: false}}", "客户: 我想要问一下我那个订单\n坐席(打断): 你先听我说", "miss"),
        # line
        ("{gap: {min_s: 5}}", "坐席: 好\n静音 6s 等坐席", "hit"),
        ("{gap: {min_s: 5}}", "坐席: 好\n静音 4s 等坐席", "miss"),
        ("{gap: {waiting_on: agent}}", "坐席: 好\n静音 6s 等客户", "miss"),
        ("{gap: {kinds: mute}}", "坐席: 好\n静音 6s", "miss"),
        ("{gap: {kinds: hold_music}}", "坐席: 好\n音乐 6s", "hit"),
        ("{gap: {min_s: 3, max_s: 8}}", "坐席: 好\n静音 9s", "miss"),
        ("{gap: {kinds: hold, agreed: false}}", "坐席: 好\n保持 40s 已告知", "hit"),
        ("{gap: {kinds: hold, agreed: false}}", "坐席: 好\n保持 40s 已告知 已同意", "miss"),
        ("{gap: {kinds: hold, thanked: true, announced: true}}", "坐席: 好\n保持 40s 已告知 已致谢", "hit"),
        ("{gap: {kinds: hold, unreassured_s: 30}}", "坐席: 好\n保持 40s", "hit"),
        ("{gap: {kinds: hold, unreassured_s: 30}}", "坐席: 好\n保持 40s 已安抚", "miss"),
        ("{gap: {kinds: hold, total_s: 50}}", "坐席: 好\n保持 30s\n坐席: 再等\n音乐 25s", "hit"),
        ("{gap: {min_s: 3}, count: {min: 2}}", "坐席: 好\n静音 4s\n坐席: 嗯\n静音 4s", "hit"),
        ("{gap: {min_s: 3}, count: {max: 1}}", "坐席: 好\n静音 4s\n坐席: 嗯\n静音 4s", "miss"),
        ("{tone: {kinds: ringback, min_cycles: 4}}", "振铃 4\n坐席: 您好", "hit"),
        ("{tone: {kinds: ringback, min_cycles: 4}}", "振铃 3\n坐席: 您好", "miss"),
        ("{tone: music}", "坐席: 好\n音乐 20s", "hit"),
        ("{loudness: {below_dbfs: -35}}", "坐席: 好\n测量: level_dbfs.agent=-40", "hit"),
        ("{loudness: {below_dbfs: -35}}", "坐席: 好\n测量: level_dbfs.agent=-20", "miss"),
        ("{loudness: {below_dbfs: -35}}", "坐席: 好", "unknown"),
        ("{loudness: {quieter_than_other_db: 10}}", "坐席: 好\n测量: level_difference_db=-12", "hit"),
        ("{loudness: {jump_db: 10}}", "坐席: 好\n测量: level_jump_db.agent=4", "miss"),
        ("{loudness: {jump_db: 10}}", "坐席: 好\n测量: level_jump_db.agent=-14", "hit"),
        ("{loudness: {above_dbfs: -12}}", "坐席: 好\n测量: level_dbfs.agent=-6", "hit"),
        ("{loudness: {span_db: 20}}", "坐席: 好", "unknown"),
        ("{tone: {kinds: [busy, congestion]}}", "振铃 3\n坐席: 您好", "miss"),
        ("{tone: {kinds: ringback, max_cycles: 2}}", "振铃 3\n坐席: 您好", "miss"),
        ("{hangup: agent}", "坐席: 再见\n挂机: 坐席 1s", "hit"),
        ("{hangup: agent}", "坐席: 再见\n挂机: 客户 1s", "miss"),
        ("{hangup: agent}", "坐席: 再见\n挂机: 坐席 1s ~0.5", "unknown"),
        ("{hangup: agent}", "坐席: 再见", "unknown"),
        ("{hangup: {side: agent, within_s: 5}}", "坐席: 再见\n挂机: 坐席 6s", "miss"),
        ("{hangup: {side: agent, after_s: 5}}", "坐席: 再见\n挂机: 坐席 6s", "hit"),
        ("{length: {min_s: 1, max_s: 60}}", TALK, "hit"),
        ("{length: {min_s: 600}}", TALK, "miss"),
        # numbers and record
        ("{measure: {name: rate_cpm, above: 260}}", "坐席: 好\n测量: rate_cpm.agent=300", "hit"),
        ("{measure: {name: rate_cpm, above: 260, max: 280}}", "坐席: 好\n测量: rate_cpm.agent=300", "miss"),
        ("{measure: {name: rate_band, equals: [fast, slow]}}", "坐席: 好\n测量: rate_band=fast", "hit"),
        ("{measure: {name: elderly_caller, equals: 1}}", "坐席: 好\n测量: elderly_caller=1", "hit"),
        ("{measure: {name: rate_cpm, above: 260}}", "坐席: 好", "unknown"),
        ("{record: {business: complaint}}", "记录: business=complaint", "hit"),
        ("{record: {business: [inquiry, booking]}}", "记录: business=complaint", "miss"),
        ("{record: {business: complaint}}", "坐席: 好", "unknown"),
        ("{record: {team: [一组, 二组]}}", "记录: team=二组", "hit"),
        ("{record: {direction: outbound}}", "记录: direction=inbound", "miss"),
        ("{record: {ring_s: {min: 5, max: 15}}}", "记录: ring_s=18", "miss"),
        ("{record: {business: complaint}, assume: miss}", "坐席: 好", "miss"),
        ("{record: {ring_s: {above: 15}}}", "记录: ring_s=18", "hit"),
        ("{record: {ring_s: {above: 15}, direction: inbound}}", "记录: ring_s=18 direction=outbound", "miss"),
        ("{record: {customer_flags: elderly}}", "记录: customer_flags=vip,elderly", "hit"),
        ("{record: {vip_level: gold}}", "记录: vip_level=gold", "hit"),
        ("{record: {festival: 春节}}", "记录: started_at=2026-02-18T09:00:00", "hit"),
        ("{record: {festival: 元旦}}", "记录: started_at=2031-01-01T09:00:00", "hit"),
        ("{record: {festival: 春节}}", "记录: started_at=2026-07-18T09:00:00", "miss"),
        ("{record: {festival: 春节}}", "记录: started_at=2031-02-03T09:00:00", "unknown"),
        ("{record: {weekday: 3, hour: [9, 10]}}", "记录: started_at=2026-02-18T09:30:00", "hit"),
        # order
        (
            "{sequence: {steps: [{say: thanks, role: customer}, {say: thanks_reply}]}}",
            "客户: 谢谢\n坐席: 不客气",
            "hit",
        ),
        (
            "{sequence: {steps: [{say: thanks, role: customer}, {say: thanks_reply}]}}",
            "坐席: 不客气\n客户: 谢谢",
            "miss",
        ),
        (
            "{sequence: {steps: [{keyword: 甲}, {keyword: 乙}], within: 1}}",
            "坐席: 甲\n坐席: 嗯\n坐席: 乙",
            "miss",
        ),
        (
            "{sequence: {steps: [{keyword: 甲}, {keyword: 乙}], within_s: 3}}",
            "坐席: 甲\n静音 9s\n坐席: 乙",
            "miss",
        ),
        (
            "{sequence: {steps: [{keyword: 甲}, {keyword: 乙}], without: {keyword: 不}}}",
            "坐席: 甲\n坐席: 不\n坐席: 乙",
            "miss",
        ),
        (
            "{sequence: {steps: [{keyword: 甲}, {keyword: 乙}], without: {keyword: 不}}}",
            "坐席: 甲\n坐席: 行\n坐席: 乙",
            "hit",
        ),
        (  # the nearest 乙 is a dead end, a later one leads on
            "{sequence: {steps: [{keyword: 甲}, {keyword: 乙}, {keyword: 丙}], within: 2}}",
            "坐席: 甲\n坐席: 乙\n坐席: 乙\n坐席: 嗯\n坐席: 丙",
            "hit",
        ),
        (
            "{sequence: {steps: [{keyword: 甲}, {keyword: 乙}], without: {keyword: 不}}}",
            "坐席: 甲\n坐席(听不清): 什么什么\n坐席: 乙",
            "unknown",
        ),
        (
            "{response: {to: {keyword: 甲}, with: {keyword: 乙}, within_s: 5}}",
            "坐席: 甲\n静音 9s\n坐席: 乙",
            "miss",
        ),
        ("{response: {to: {keyword: 甲}, with: {keyword: 乙}}}", "坐席: 丙", "moot"),
        ("{response: {to: {keyword: 甲}, with: {keyword: 乙}}}", "坐席: 甲\n坐席: 乙\n坐席: 甲", "miss"),
        ("{response: {to: {keyword: 甲}, with: {keyword: 乙}}}", "坐席: 甲\n坐席: 甲\n坐席: 乙", "hit"),
        (
            "{response: {to: {gap: {kinds: hold}}, with: {say: hold.return}, within: 1}}",
            "保持 30s\n坐席: 让您久等了",
            "hit",
        ),
        (
            "{response: {to: {gap: {kinds: hold}}, with: {say: hold.return}, within: 1}}",
            "保持 30s\n坐席: 喂\n坐席: 让您久等了",
            "miss",
        ),
        (
            "{preceded: {of: {gap: {kinds: hold}}, by: {say: hold.ask}, within_s: 10}}",
            "坐席: 请稍等\n保持 30s",
            "hit",
        ),
        (
            "{preceded: {of: {gap: {kinds: hold}}, by: {say: hold.ask}, within_s: 10}}",
            "坐席: 好\n保持 30s\n坐席: 请稍等",
            "miss",
        ),
        # logic
        ("{all: [{keyword: 订单}, {keyword: 发票}]}", TALK, "miss"),
        ("{any: [{keyword: 订单}, {keyword: 发票}]}", TALK, "hit"),
        ("{not: {keyword: 发票}}", TALK, "hit"),
        ("{absent: {keyword: 订单}}", TALK, "miss"),
        ("{at_least: {count: 2, of: [{keyword: 订单}, {keyword: 您好}, {keyword: 无}]}}", TALK, "hit"),
        ("{keyword: 好, count: {min: 2}}", TALK, "hit"),
        ("{keyword: 好, count: {max: 1}}", TALK, "miss"),
    ],
)
def test_operator(ask, condition, dialogue, value):
    found = ask(condition, dialogue)
    assert found.value == value, found


@pytest.mark.parametrize(
    "condition",
    ["{gap: {}}", "{tone: music}", "{interruption: {}}", "{loudness: {below_dbfs: -35}}"],
)
def test_what_needs_sound_is_unknown_without_it(ask, condition):
    found = ask(condition, "坐席: 好", sound=False)
    assert (found.value, found.why) == ("unknown", "只有文字,没有录音")


@pytest.mark.parametrize(
    "condition",
    ["{say: greeting}", "{keyword: 订单}", "{interruption: {}}", "{measure: {name: x, above: 1}}"],
)
def test_nobody_is_held_to_an_unsure_role(ask, condition):
    found = ask(condition, "坐席: 您好请问有什么可以帮您\n角色不定\n测量: x=3")
    assert found.value == "unknown" and "角色把握不足" in found.why


def test_a_role_that_does_not_matter_needs_no_sure_roles(ask):
    assert ask("{keyword: 订单, role: any}", "坐席: 订单\n角色不定").value == "hit"


def test_words_heard_badly_are_neither_hit_nor_miss(ask):
    assert ask("{say: greeting}", "坐席(听不清): 您好请问有什么可以帮您").value == "unknown"
    missed = ask("{say: greeting}", "坐席: 喂\n坐席(听不清): 那号请问又什么")
    assert missed.value == "unknown" and "听不清" in missed.why
    assert ask("{say: greeting}", "坐席: 喂\n坐席(听不清): 嗯").value == "miss"  # too short to hide it


def test_words_of_nobody_known_may_be_the_agents(ask):
    found = ask("{say: greeting}", "坐席: 喂\n未知: 请问这个那个什么")
    assert found.value == "unknown" and "说话人不明" in found.why


def test_a_silent_agent_is_not_blamed_for_silence(ask):
    assert ask("{say: greeting}", "客户: 喂\n客户: 有人吗").why == "没有听到坐席说话"


def test_a_sentence_broken_by_a_backchannel_is_heard_whole(ask):
    found = ask("{say: greeting}", "坐席: 您好请问有什么\n客户: 嗯\n坐席: 可以帮您")
    assert found.value == "hit"
    evidence = found.hits[0].evidence
    assert evidence.span.end_s - evidence.span.start_s > 2  # from the first half to the end of the second
    assert (
        ask("{say: greeting}", "坐席: 您好请问有什么\n客户: 我要订票去上海\n坐席: 可以帮您").value == "miss"
    )


def test_evidence_is_where_it_was_said(ask):
    hit = ask("{keyword: 订单}", "10-20 坐席: 零一二三四订单七八九").hits[0].evidence
    assert (hit.quote, round(hit.span.start_s), round(hit.span.end_s)) == ("订单", 15, 17)
