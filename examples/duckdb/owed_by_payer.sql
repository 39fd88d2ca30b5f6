-- What each payer's claims owe, and how much of it is older than 90 days from the day the claim was taken in.
WITH moved AS (
    SELECT claim_id,
           amount * (CASE WHEN debit LIKE 'receivable:%' THEN 1 ELSE 0 END
                     - CASE WHEN credit LIKE 'receivable:%' THEN 1 ELSE 0 END) AS owed
    FROM 'out/ledger.parquet'
    WHERE claim_id IS NOT NULL
),
balances AS (
    SELECT claim_id, sum(owed) AS owed FROM moved GROUP BY claim_id HAVING sum(owed) <> 0
)
SELECT c.payer_id AS payer,
       count(*) AS claims,
       sum(b.owed) AS owed,
       coalesce(sum(b.owed) FILTER (WHERE c.created_at < now() - INTERVAL 90 DAY), 0) AS over_90
FROM balances b
JOIN 'out/claims.parquet' c ON c.id = b.claim_id
GROUP BY ALL
ORDER BY owed DESC;
