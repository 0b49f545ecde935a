-- Run on the reference; the rows are copied from there. Nothing in it may depend on the order in which rows are found.
INSERT INTO curio
SELECT g,
    (ARRAY['a', 'Z', '~', NULL])[1 + g % 4]::"char",
    (ARRAY['name', 'Name', 'ünï', NULL, ''])[1 + g % 5]::name,
    (ARRAY[B'1', B'101', B'', B'0000000001', NULL])[1 + g % 5],
    (ARRAY[B'1', B'11111', B'', NULL])[1 + g % 4],
    (ARRAY['10.0.0.0/8', '10.1.0.0/16', '::/0', NULL])[1 + g % 4]::cidr,
    (ARRAY['08:00:2b:01:02:03:04:05', 'ff:00:00:00:00:00:00:01', NULL])[1 + g % 3]::macaddr8,
    (ARRAY['{}', '{[1,3), [5,9)}', '{(,2]}', NULL, '{[2,)}'])[1 + g % 5]::int4multirange,
    (ARRAY['[1.5,2.5)', 'empty', '(,)', '[1.50,2.5]', NULL])[1 + g % 5]::numrange,
    (ARRAY['[2026-01-01,2026-02-01)', '[2026-01-15,infinity)', NULL, 'empty'])[1 + g % 4]::daterange,
    (ARRAY['["2026-01-01 00:00+00","2026-01-02 00:00+00")', '(,"2026-06-01 00:00+02"]', NULL])[1 + g % 3]::tstzrange,
    (ARRAY[1.50, -3.25, NULL, 0])[1 + g % 4]::money,
    (ARRAY['0/0', 'FF/AB', NULL, '1/1'])[1 + g % 4]::pg_lsn,
    (ARRAY['(1,2)', '(NaN,0)', NULL, '(-1.5,Infinity)'])[1 + g % 4]::point,
    (ARRAY['(1,1),(0,0)', '(3,4),(1,2)', NULL])[1 + g % 3]::box,
    (ARRAY['a fat cat', 'sat:1 mat:2A', '', NULL])[1 + g % 4]::tsvector,
    (ARRAY['$.a', '$[*] ? (@ > 1)', NULL])[1 + g % 3]::jsonpath,
    (ARRAY['{small,large}', '{}', '{NULL,medium}', NULL])[1 + g % 4]::size[],
    (ARRAY['{"(1,2)","(3,)"}', '{}', NULL])[1 + g % 3]::point2[],
    (ARRAY['{1,2}', '{7}', NULL])[1 + g % 3]::positive[],
    (ARRAY['2026-11-21 06:00:00.123456', '0001-01-01 BC', NULL, 'infinity'])[1 + g % 4]::timestamp(3),
    (ARRAY['1 year 2 mons', '-3 mons', NULL, '0'])[1 + g % 4]::interval year to month,
    (ARRAY['01:02:03.456', '24:00', NULL])[1 + g % 3]::time(2),
    (ARRAY[123.45, -0.01, NULL, 'NaN', 0])[1 + g % 5]::numeric(5, 2),
    (ARRAY[12345, -99, NULL, 0])[1 + g % 4]::numeric(5, -2),
    (ARRAY['{abc,d}', '{}', NULL, '{NULL}'])[1 + g % 4]::varchar(3)[],
    (ARRAY['one', 'Zwei', 'drei', NULL, '日本'])[1 + g % 5]::short_text,
    (ARRAY['a', 'a ', 'b  ', NULL])[1 + g % 4]::bpchar,
    (ARRAY['{2026-01-01 00:00+00, NULL}', '{}', NULL])[1 + g % 3]::timestamptz[],
    (ARRAY['(1,2,small)', '(,3,large)', NULL, '(1,2,medium)'])[1 + g % 4]::box3,
    (ARRAY['{1.5,NaN}', '{{1,2},{3,4}}', NULL, '{-0}'])[1 + g % 4]::float8[],
    (ARRAY['{"{\"a\": 1}", "null"}', NULL, '{}'])[1 + g % 3]::jsonb[],
    (ARRAY['<a>1</a>', '<b x="y"/>', NULL])[1 + g % 3]::xml
FROM generate_series(1, 30) g;

INSERT INTO worker
SELECT g, CASE WHEN g > 1 THEN g / 3 + (g % 3 > 0)::int * (g > 5)::int END,
    (ARRAY['Ada', 'Bob', 'Čeněk', 'dora', 'Émile', 'Ada'])[1 + g % 6] || CASE WHEN g % 4 = 0 THEN ' ' || g ELSE '' END,
    nullif(g % 5, 4), CASE WHEN g % 11 <> 0 THEN 1000 + g * 37 % 400 + 0.5 * (g % 3) END, date '2020-02-29' + g * 53 % 2000,
    (ARRAY['{sql}', '{java,sql}', '{}', NULL, '{go,java}'])[1 + g % 5]::text[]
FROM generate_series(1, 45) g;

INSERT INTO sale
SELECT (ARRAY['north', 'south', 'East', 'über'])[1 + g % 4], date '2026-01-01' + g / 6, g % 6, nullif(g % 7, 3), g * 1.125
FROM generate_series(1, 70) g;
INSERT INTO sale_line
SELECT shop, day, no, l, (ARRAY['nut', 'bolt', 'gear'])[1 + (no + l) % 3], l * 2.25 + no
FROM sale, generate_series(1, 3) l WHERE l <= qty;

INSERT INTO reading
SELECT timestamptz '2025-11-01 00:00+00' + g * interval '7 days 5 hours', g % 4, (ARRAY[1.5, -2.25, 0, 100.5, 'NaN', NULL])[1 + g % 6],
    (ARRAY[true, false, NULL])[1 + g % 3]
FROM generate_series(0, 50) g;

INSERT INTO town VALUES
    ('Ålesund', 'a', 57000, 98.1), ('aachen', 'B', 260000, 160.85), ('Aachen', 'B', 1, NULL), ('Bonn', 'é', 330000, 141.06),
    ('Zürich', NULL, 440000, 87.93), ('zug', 'zz', 30000, 21.6), ('Ōsaka', 'zz', 2750000, 225.30), ('Oslo', 'a', 709000, 454.0),
    ('', NULL, NULL, NULL), ('ab', 'nowhere', 0, 0), ('A B', 'é', 5, 1.10), ('a-b', 'é', 7, 1.1);

INSERT INTO folder
SELECT g, (ARRAY['{"a": 1, "b": [1, 2, {"c": null}]}', '[1, "x", null, true]', '"text"', '{}', 'null', '{"a": {"b": "ü"}, "n": 1.50}',
    '{"a": 2, "tags": ["x", "y"]}', NULL])[1 + g % 8]::jsonb,
    (ARRAY['{"z":1,  "a":2, "z":3}', '[ ]', NULL, '"é"'])[1 + g % 4]::json
FROM generate_series(-12, 12) g;

INSERT INTO shelf VALUES (0, 'zero'), (1.0, 'one'), (1.5, 'one and a half'), ('NaN', 'no number'), (-7.25, 'minus'), (1e20, 'large'),
    ('Infinity', 'endless'), (100, NULL), (0.1, 'tenth');

INSERT INTO journal SELECT g, date '2025-12-01' + g * 3, 'entry ' || g % 7 FROM generate_series(1, 25) g;

INSERT INTO lonely SELECT 7, g, 'row ' || g FROM generate_series(1, 9) g;
INSERT INTO unset SELECT g FROM generate_series(1, 12) g;

INSERT INTO currency VALUES ('EUR', 'euro', 1), ('USD', 'dollar', 1.086500), ('SEK', 'krona', 11.250000), ('XXX', NULL, NULL);
INSERT INTO calendar SELECT d, extract(isodow FROM d) = 7 FROM generate_series(date '2026-01-01', '2026-01-12', '1 day') d;
INSERT INTO east.invoice SELECT g, g * 10.01 FROM generate_series(1, 8) g;
INSERT INTO west.invoice SELECT g, g * 20.02 FROM generate_series(5, 12) g;
