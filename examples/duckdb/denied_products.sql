-- Products by denied dollars, with the reasons, the most first.
SELECT l.code AS product,
       d.group_code || '-' || d.reason_code AS reason,
       count(*) AS denials,
       sum(d.amount) AS denied
FROM 'out/denials.parquet' d
JOIN 'out/lines.parquet' l ON l.id = d.line_id
GROUP BY ALL
ORDER BY denied DESC, product, reason;
