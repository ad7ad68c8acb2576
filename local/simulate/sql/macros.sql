-- Every draw is a hash of a record's id, a word and the seed: the same seed gives the same year, in any order of work.
-- Instants are whole seconds since 1970 (UTC) until they are written down.
CREATE MACRO u(id, what) AS (hash(id, what, getvariable('seed')) >> 11)::DOUBLE / 9007199254740992.0;
CREATE MACRO between_(id, what, low, high) AS (low + floor(u(id, what) * (high - low)))::BIGINT;
CREATE MACRO expo(id, what, mean) AS (-mean * ln(1 - u(id, what)))::BIGINT;

-- London's clock: summer time until 29 October 2023 01:00 UTC and from 31 March 2024 01:00 UTC.
CREATE MACRO local_clock(s) AS make_timestamp((s + CASE WHEN s < 1698541200 OR s >= 1711846800 THEN 3600 ELSE 0 END) * 1000000);
CREATE MACRO local_month(s) AS strftime(local_clock(s), '%Y-%m');
CREATE MACRO wall(s) AS strftime(local_clock(s), '%d/%m/%Y %H:%M:%S');
CREATE MACRO clock(s) AS strftime(local_clock(s), '%H:%M:%S');

-- Numbers that begin 071 are not given out by Ofcom: nobody can be called by them.
CREATE MACRO ten_digits(person) AS (7100000000 + (person * 37) % 100000000)::VARCHAR;
CREATE MACRO written_number(person, style) AS CASE
    WHEN style < 0.80 THEN '0' || ten_digits(person)
    WHEN style < 0.92 THEN '+44' || ten_digits(person)
    WHEN style < 0.97 THEN '0' || ten_digits(person)[1:4] || ' ' || ten_digits(person)[5:]
    WHEN style < 0.99 THEN '0044' || ten_digits(person)
    ELSE ten_digits(person)  -- a spreadsheet has eaten the zero
END;

CREATE TABLE calls (
    id BIGINT, attempt BIGINT, line VARCHAR, direction VARCHAR, start BIGINT, person BIGINT, withheld BOOLEAN, hang_up DOUBLE,
    ivr_in BIGINT, web_message BIGINT, ivr_out BIGINT, switchboard_queue BIGINT, switchboard_answer BIGINT,
    queue_in BIGINT, queue VARCHAR, ringing BIGINT, answer BIGINT, callback_asked BIGINT, callback_made BIGINT,
    ended BIGINT, result VARCHAR, route VARCHAR
);
CREATE TABLE attempts (
    id BIGINT, attempt BIGINT, line VARCHAR, start BIGINT, person BIGINT, withheld BOOLEAN, hang_up DOUBLE
);
CREATE TABLE contacts (id BIGINT, channel VARCHAR, submitted BIGINT, person BIGINT, withheld BOOLEAN);
