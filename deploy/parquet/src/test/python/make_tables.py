"""Makes the tables of src/test/resources/pyarrow, with pyarrow 25.0.1."""
import datetime as dt
import decimal
import sys

import pyarrow as pa
import pyarrow.parquet as pq

D = decimal.Decimal
UTC = dt.timezone.utc
columns = [
    ("prompt", pa.string(), ["Once", "Zwölf \"Boxkämpfer\"\n日本😀", "", None, "a,b"]),
    ("odd name. (x)", pa.int64(), [1, None, -(2**63), 2**63 - 1, 0]),
    ("small", pa.int8(), [1, -128, None, 127, 0]),
    ("unsigned", pa.uint64(), [0, 2**64 - 1, None, 1, 2]),
    ("unsigned32", pa.uint32(), [0, 2**32 - 1, None, 1, 2]),
    ("float", pa.float32(), [0.1, float("inf"), None, -0.0, 1e-30]),
    ("double", pa.float64(), [0.1, float("nan"), None, -1e300, 5e-324]),
    ("flag", pa.bool_(), [True, False, None, True, False]),
    ("date", pa.date32(), [dt.date(2024, 2, 29), dt.date(1969, 12, 31), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    ("time", pa.time64("us"), [dt.time(0, 0), dt.time(23, 59, 59, 999999), None, dt.time(12, 30), dt.time(1, 2, 3)]),
    ("at", pa.timestamp("us", tz="UTC"), [dt.datetime(2024, 2, 29, 1, 2, 3, 456789, UTC), dt.datetime(1960, 1, 1, 0, 0, 0, 1, UTC), None, dt.datetime(1970, 1, 1, tzinfo=UTC), dt.datetime(2100, 1, 1, tzinfo=UTC)]),
    ("local", pa.timestamp("ms"), [dt.datetime(2024, 2, 29, 1, 2, 3), dt.datetime(1960, 1, 1), None, dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)]),
    ("nanos", pa.timestamp("ns"), [1, -1, None, 0, 2**62]),
    ("price", pa.decimal128(20, 2), [D("1.50"), D("-0.01"), None, D("123456789012345678.99"), D("0.00")]),
    ("bytes", pa.binary(), [b"\x00\xff", b"", None, b"abc", b"\n"]),
    ("tokens", pa.list_(pa.int32()), [[1, 2, 3], [], None, [50256], [0]]),
    ("words", pa.list_(pa.string()), [["a", None, "b"], [], None, [""], ["c"]]),
    ("nested", pa.list_(pa.list_(pa.int64())), [[[1], [], None], [], None, [[2, 3]], [[]]]),
    ("struct", pa.struct([("a", pa.int32()), ("b c", pa.list_(pa.struct([("d", pa.string())])))]), [{"a": 1, "b c": [{"d": "x"}, None]}, {"a": None, "b c": None}, None, {"a": 2, "b c": []}, {"a": 3, "b c": [{"d": None}]}]),
    ("map", pa.map_(pa.string(), pa.int32()), [[("k", 1), ("l", None)], [], None, [("", 0)], [("m", 2)]]),
    ("category", pa.dictionary(pa.int32(), pa.string()), ["x", "y", None, "x", "y"]),
]
table = pa.table(
    [pa.array(values, type) if not pa.types.is_dictionary(type) else pa.array(values, pa.string()).dictionary_encode() for _, type, values in columns],
    names=[name for name, _, _ in columns],
)
for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
    pq.write_table(table, f"{sys.argv[1]}/{codec}.parquet", compression=codec, row_group_size=2, data_page_version="2.0" if codec == "zstd" else "1.0")
pq.write_table(table.select(["prompt", "at"]), f"{sys.argv[1]}/int96.parquet", use_deprecated_int96_timestamps=True)
