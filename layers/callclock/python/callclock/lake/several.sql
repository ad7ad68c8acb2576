-- Records with more than one version. Most exports say everything once: only these few are held version against version.
SELECT {record} FROM staged GROUP BY {record} HAVING count(*) > 1
