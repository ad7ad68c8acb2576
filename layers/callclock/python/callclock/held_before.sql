-- Whether a notice held back is in the table already: the same rule, revision and reason at the same frontier.
SELECT 1
FROM ({known})
WHERE rule_id = $rule_id
  AND revision = $revision
  AND frontier_end IS NOT DISTINCT FROM CAST($frontier_end AS DATE)
  AND held_back = $held_back
