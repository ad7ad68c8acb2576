-- Who is attended, and when. Ranks, not draws: first evened out within the month, then shifted by how the month goes,
-- then ranked over the year, so that the year's distribution is exactly that of the knots.
CREATE TABLE incidents AS
WITH fated AS (
    SELECT
        *,
        (row_number() OVER (PARTITION BY kind, headline ORDER BY u(id, 'attended'), id) - 0.5)
            / count(*) OVER (PARTITION BY kind, headline) AS fate
    FROM raised
), decided AS (
    SELECT
        fated.*,
        CASE
            WHEN fate < attended THEN 'attended'
            WHEN fate < attended + closed_early THEN 'closed_early'
            WHEN fate < attended + closed_early + closed_late THEN 'closed_late'
            ELSE 'open'
        END AS outcome
    FROM fated JOIN responses USING (kind)
), evened AS (
    SELECT
        *,
        (row_number() OVER (PARTITION BY kind, headline, outcome, month ORDER BY u(id, 'wait'), id) - 0.5)
            / count(*) OVER (PARTITION BY kind, headline, outcome, month) AS in_month
    FROM decided
), ranked AS (
    SELECT
        evened.*,
        (row_number() OVER (PARTITION BY kind, headline, outcome ORDER BY in_month + CASE WHEN grade = '2' THEN shift ELSE 0 END, id) - 0.5)
            / count(*) OVER (PARTITION BY kind, headline, outcome) AS rank
    FROM evened LEFT JOIN months USING (month)
), waited AS (
    SELECT ranked.*, (3600 * exp(from_ln + (to_ln - from_ln) * (rank - from_share) / (to_share - from_share)))::BIGINT AS wait
    FROM ranked JOIN knots ON knots.kind = ranked.kind AND rank >= from_share AND rank < to_share
), arrived AS (
    SELECT
        * EXCLUDE (wait, rank, in_month, fate),
        CASE
            WHEN oddity = 'duplicate' THEN NULL
            WHEN oddity = 'on_scene' THEN start
            WHEN oddity = 'negative' THEN start - 420
            WHEN origin = 'Police generated' THEN start
            WHEN outcome = 'attended' THEN greatest(start + wait, created + 60)
        END AS arrived
    FROM waited
), closed AS (
    SELECT
        *,
        CASE WHEN arrived > created + 60 THEN greatest(arrived - between_(id, 'travel', 180, 1500), created + 5) END AS dispatched,
        CASE
            WHEN arrived IS NOT NULL THEN greatest(arrived, created) + 900 + expo(id, 'on_scene', 5400)
            WHEN oddity = 'duplicate' THEN created + 600
            WHEN outcome = 'closed_early' THEN created + 900 + floor(pow(u(id, 'closed'), 2) * (6.9 * 86400 - 4000))::BIGINT
            WHEN outcome = 'closed_late' THEN start + between_(id, 'closed', 8 * 86400, 25 * 86400)
            -- Open for long: reviewed after four weeks, and closed in days.
            WHEN outcome = 'open' THEN start + between_(id, 'closed', 28.5 * 86400, 31 * 86400)
        END AS closed,
        CASE WHEN grade = '4' OR (grade = '3' AND u(id, 'slot') < 0.1) THEN created + 172800 - created % 3600 END AS slot
    FROM arrived
)
SELECT
    *,
    row_number() OVER (ORDER BY created, id) AS number,
    CASE WHEN grade = '2' AND u(id, 'regrade') < 0.09 THEN '3' WHEN grade = '3' AND u(id, 'regrade') < 0.02 THEN '2' ELSE grade END AS grade_final,
    created + between_(id, 'regraded', 900, 86400) AS regraded,
    -- Mistakes that are put right some days later: one start typed 30 days too early, domestic abuse flags not set.
    created + between_(id, 'corrected', 5 * 86400, 20 * 86400) AS corrected,
    -- The one is made a few days before an export is taken, so that it goes out as it was typed.
    row_number() OVER (ORDER BY day(epoch_ms(created * 1000)) IN (27, 28) DESC, u(id, 'mistake'), id) = 1 AS wrong_start,
    domestic AND u(id, 'mistake') > 0.994 AS wrong_flag
FROM closed;

UPDATE incidents SET grade_final = grade WHERE closed < regraded OR arrived < regraded;
