"""Each switch's own fields and values, as its documentation gives them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.cdr import CdrError, read_cdr
from pipeline.config import IngestConfig
from pipeline.types import CallRecord

SHANGHAI = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 11, 21, 9, 0, 0, tzinfo=SHANGHAI)
EPOCH = int(NINE.timestamp())


def read(path: Path, **settings: object) -> tuple[CallRecord, ...]:
    found = read_cdr(path, IngestConfig(**settings))  # type: ignore[arg-type]
    assert found.problems == ()
    return found.records


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_generic_csv_all_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path / "calls.csv",
        "call_id,file,agent_id,agent_name,team,direction,started_at,answered_at,ended_at,ring_s,hangup_side,hold_s,"
        "business,customer_flags,agent_channel,vip\n"
        "C1,a.wav,1001,王芳,一组,inbound,2026-11-21 09:00:00,2026-11-21 09:00:06,2026-11-21T09:02:00+08:00,6,"
        "customer,12.5,booking,elderly;vip,1,yes\n",
    )
    (record,) = read(path)
    assert record == CallRecord(
        call_id="C1", file="a.wav", agent_id="1001", agent_name="王芳", team="一组", direction="inbound",
        started_at=NINE, answered_at=NINE.replace(second=6), ended_at=NINE.replace(minute=2), ring_s=6.0,
        hangup_side="customer", hold_s=12.5, business="booking", customer_flags=("elderly", "vip"), agent_channel=1,
        reader="generic", hangup_detail="customer", extra={"vip": "yes"},
    )  # fmt: skip


def test_generic_empty_cells_are_unknown(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path / "c.csv", "call_id,file,direction,hold_s,hangup_side\nC1,a.wav,,,\n"))
    assert record == CallRecord(call_id="C1", file="a.wav")


def test_chinese_headings_and_a_column_map(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "流水号,录音文件,工号,呼叫方向,挂断方\nC9,x.wav,1002,呼出,坐席\n")
    (record,) = read(path, cdr_columns={"call_id": "流水号"})
    assert (record.call_id, record.agent_id, record.direction, record.hangup_side) == (
        "C9",
        "1002",
        "outbound",
        "agent",
    )


def test_xlsx_keeps_dates_and_whole_numbers(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["call_id", "file", "agent_id", "started_at"])
    book.active.append(["C1", "a.wav", 1001.0, datetime(2026, 11, 21, 9, 0)])
    book.save(tmp_path / "c.xlsx")
    (record,) = read(tmp_path / "c.xlsx")
    assert (record.agent_id, record.started_at) == ("1001", NINE)


@pytest.mark.parametrize(
    "text",
    [
        '[{"call_id": "C1", "started_at": EPOCH}]',
        '{"call_id": "C1", "started_at": EPOCH}',
        '{"total": 1, "calls": [{"call_id": "C1", "started_at": EPOCH}]}',
        '{"call_id": "C1", "started_at": EPOCH}\n{"call_id": "C2", "started_at": EPOCH}\n',
    ],
)
def test_json_in_its_shapes(tmp_path: Path, text: str) -> None:
    records = read(write(tmp_path / "c.json", text.replace("EPOCH", str(EPOCH))))
    assert records[0].call_id == "C1"
    assert {record.started_at for record in records} == {NINE}


def test_transfer_rows_join_last_agent_and_last_release(tmp_path: Path) -> None:
    path = write(
        tmp_path / "c.csv",
        "call_id,file,agent_id,team,started_at,ended_at,hangup_side,hold_s,business\n"
        "C1,a.wav,1001,一组,2026-11-21 09:00:00,2026-11-21 09:01:00,,10,complaint\n"
        "C1,,1002,二组,2026-11-21 09:01:00,2026-11-21 09:04:00,customer,5,\n",
    )
    (record,) = read(path)
    assert (record.agent_id, record.team, record.hangup_side, record.hold_s) == (
        "1002",
        "二组",
        "customer",
        15.0,
    )
    assert (record.started_at, record.ended_at) == (NINE, NINE.replace(minute=4))
    assert (record.business, record.file) == ("complaint", "a.wav")
    assert record.extra == {"agents": "1001,1002", "transfers": "1"}


def freeswitch_leg(uuid: str, disposition: str, **more: object) -> dict[str, object]:
    variables = {"uuid": uuid, "sip_hangup_disposition": disposition, "start_epoch": str(EPOCH),
                 "answer_epoch": str(EPOCH + 2), "bridge_epoch": str(EPOCH + 8),
                 "end_epoch": str(EPOCH + 90)}  # fmt: skip
    return {"core-uuid": "x", "variables": variables | {k: str(v) for k, v in more.items()}}


@pytest.mark.parametrize(
    ("first", "second", "direction", "side"),
    [
        ("recv_bye", "send_bye", "inbound", "customer"),
        ("send_bye", "recv_bye", "inbound", "agent"),
        ("recv_bye", "send_bye", "outbound", "agent"),
        ("send_bye", "recv_bye", "outbound", "customer"),
        ("send_bye", "send_bye", "inbound", "system"),
    ],
)
def test_freeswitch_two_legs(tmp_path: Path, first: str, second: str, direction: str, side: str) -> None:
    legs = [
        freeswitch_leg("A", first, call_direction=direction, hold_accum_seconds=33, record_name="A.wav"),
        freeswitch_leg("B", second, originating_leg_uuid="A", start_epoch=EPOCH + 3, answer_epoch=EPOCH + 8,
                       dialed_user="1001", user_name="1001"),
    ]  # fmt: skip
    (record,) = read(write(tmp_path / "cdr.json", json.dumps(legs)))
    assert (record.call_id, record.file, record.hangup_side, record.direction) == (
        "A",
        "A.wav",
        side,
        direction,
    )
    assert (record.hold_s, record.ring_s, record.reader) == (33.0, 5.0, "freeswitch")
    assert record.answered_at == NINE.replace(second=8)
    if direction == "inbound":
        assert record.agent_id == "1001"


def test_freeswitch_queue_says_whose_leg_it_is(tmp_path: Path) -> None:
    legs = [
        freeswitch_leg("A", "send_bye", cc_side="member", cc_queue="support@x"),
        freeswitch_leg("B", "recv_bye", cc_side="agent", cc_agent="1007@x", cc_member_session_uuid="A",
                       start_epoch=EPOCH + 3),
    ]  # fmt: skip
    (record,) = read(write(tmp_path / "cdr.json", json.dumps(legs)))
    assert (record.direction, record.agent_id, record.hangup_side) == ("inbound", "1007", "agent")
    assert record.hangup_detail == "recv_bye on the second leg"


def test_freeswitch_folder_of_single_legs_and_url_encoding(tmp_path: Path) -> None:
    leg = freeswitch_leg("A", "send_bye", cc_agent="1001", direction="outbound", record_file="%2Frec%2FA.wav")
    write(tmp_path / "A.cdr.json", json.dumps(leg))
    write(tmp_path / "B.cdr.json", json.dumps(freeswitch_leg("B", "recv_bye", call_direction="inbound")))
    first, second = sorted(read(tmp_path), key=lambda record: record.call_id)
    assert (first.file, first.hangup_side, first.direction) == ("A.wav", "customer", "inbound")
    assert second.hangup_side == "customer"


MASTER = (
    '"","13800000000","600","from-trunk","""a"" <138>","PJSIP/trunk-1","PJSIP/1001-2","Queue","600",'
    '"2026-11-21 09:00:00","2026-11-21 09:00:07","2026-11-21 09:02:00",120,113,"ANSWERED",'
    '"DOCUMENTATION","1732150800.11",""\n'
)


def test_asterisk_master_csv_with_queue_log(tmp_path: Path) -> None:
    path = write(tmp_path / "Master.csv", MASTER)
    write(
        tmp_path / "queue_log",
        f"{EPOCH}|1732150800.11|service|NONE|ENTERQUEUE||13800000000|1\n"
        f"{EPOCH + 7}|1732150800.11|service|PJSIP/1001|CONNECT|7|1732150801.12|4\n"
        f"{EPOCH + 120}|1732150800.11|service|PJSIP/1001|COMPLETEAGENT|7|113|1\n",
    )
    (record,) = read(path)
    assert (record.call_id, record.agent_id, record.team) == ("1732150800.11", "1001", "service")
    assert (record.direction, record.hangup_side, record.ring_s) == ("inbound", "agent", 4.0)
    assert record.hangup_detail == "queue_log COMPLETEAGENT"
    assert (record.started_at, record.ended_at) == (NINE, NINE.replace(minute=2))


@pytest.mark.parametrize(
    ("source", "side"), [("PJSIP/trunk-1", "customer"), ("PJSIP/1001-2", "agent"), ("x", "system")]
)
def test_asterisk_with_cel(tmp_path: Path, source: str, side: str) -> None:
    path = write(tmp_path / "Master.csv", MASTER)
    extra = json.dumps({"hangupcause": 16, "hangupsource": source, "dialstatus": ""}).replace('"', '""')
    later = json.dumps({"hangupsource": "PJSIP/other"}).replace('"', '""')
    row = (
        '"HANGUP","{at}","","138","","","","s","from-trunk","PJSIP/trunk-1","","","3","",'
        '"{u}","1732150800.11","","","","{e}"\n'
    )
    write(
        tmp_path / "cel.csv",
        row.format(at="2026-11-21 09:02:01.5", u="1732150801.12", e=later)
        + row.format(at="2026-11-21 09:02:00.1", u="1732150800.11", e=extra),
    )
    (record,) = read(path)
    assert (record.hangup_side, record.hangup_detail) == (side, f"hangupsource {source}")


def test_asterisk_database_export_joins_a_transfer_by_linkedid(tmp_path: Path) -> None:
    path = write(
        tmp_path / "cdr.csv",
        "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,disposition,uniqueid,linkedid,recordingfile,end\n"
        "2026-11-21 09:00:00,,138,1001,from-did-direct,PJSIP/t-1,PJSIP/1001-2,Dial,ANSWERED,1.1,1.1,q-1-2-x.wav,"
        "2026-11-21 09:01:00\n"
        "2026-11-21 09:01:00,,138,1002,from-internal,PJSIP/t-1,PJSIP/1002-3,Dial,ANSWERED,1.1,1.1,,"
        "2026-11-21 09:03:00\n"
        "2026-11-21 09:05:00,,1001,139,from-internal,PJSIP/1001-9,PJSIP/t-9,Dial,ANSWERED,1.9,1.9,out-139-1001.wav,\n",
    )
    moved, outbound = read(path)
    assert (moved.agent_id, moved.extra["agents"], moved.file) == ("1002", "1001,1002", "q-1-2-x.wav")
    assert (moved.direction, moved.ended_at) == ("inbound", NINE.replace(minute=3))
    assert (outbound.direction, outbound.agent_id) == ("outbound", "1001")


@pytest.mark.parametrize(("told", "side"), [("seat", "agent"), ("user", "customer"), ("system", "system")])
def test_tencent(tmp_path: Path, told: str, side: str) -> None:
    call = {
        "SessionId": "S1", "Direction": 0, "HungUpSide": told, "StartTimestamp": EPOCH, "RingTimestamp": EPOCH + 3,
        "AcceptTimestamp": EPOCH + 9, "EndedTimestamp": EPOCH + 90, "Duration": 81,
        "SeatUser": {"Name": "王芳", "UserId": "u@x", "StaffNumber": "1001"}, "QueuedSkillGroupName": "售后",
        "RecordURL": "https://host/path/S1.mp3?sign=1", "ServeParticipants": [{"Mail": "u@x"}],
    }  # fmt: skip
    answer = {"Response": {"TotalCount": 1, "TelCdrList": [call], "RequestId": "r"}}
    (record,) = read(write(tmp_path / "c.json", json.dumps(answer)))
    assert (record.call_id, record.file, record.agent_id, record.team) == ("S1", "S1.mp3", "1001", "售后")
    assert (record.hangup_side, record.direction, record.ring_s, record.reader) == (
        side,
        "inbound",
        6.0,
        "tccc",
    )
    assert record.started_at == NINE


@pytest.mark.parametrize("told", ["agent", "customer"])
def test_alibaba(tmp_path: Path, told: str) -> None:
    call = {
        "ContactId": "job-1", "ReleaseInitiator": told, "ContactDisposition": "Success", "ContactType": "OUTBOUND",
        "AgentIds": "1001@ccc,1002@ccc", "AgentNames": "王芳,李雷", "StartTime": EPOCH * 1000,
        "EstablishedTime": (EPOCH + 5) * 1000, "ReleaseTime": (EPOCH + 60) * 1000,
    }  # fmt: skip
    answer = {"Code": "OK", "Data": {"List": [call], "TotalCount": 1}, "HttpStatusCode": 200}
    (record,) = read(write(tmp_path / "c.json", json.dumps(answer)))
    assert (record.call_id, record.agent_id, record.agent_name) == ("job-1", "1002@ccc", "李雷")
    assert (record.hangup_side, record.direction, record.reader) == (told, "outbound", "alibaba")
    assert (record.started_at, record.answered_at) == (NINE, NINE.replace(second=5))
    single = {"Code": "OK", "Data": call, "Message": ""}  # GetCallDetailRecord
    assert read(write(tmp_path / "one.json", json.dumps(single))) == (record,)


def test_alibaba_call_that_the_flow_ended(tmp_path: Path) -> None:
    call = {"ContactId": "job-1", "ReleaseInitiator": "", "ContactDisposition": "QueuingTimeout"}
    (record,) = read(write(tmp_path / "c.json", json.dumps([call])))
    assert (record.hangup_side, record.hangup_detail) == ("system", "QueuingTimeout")


def test_a_reader_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(CdrError, match=r"expected auto or one of generic, .*, found 'avaya'"):
        read_cdr(tmp_path / "c.csv", IngestConfig(cdr_reader="avaya"))
