-- Whether anything is counted.
SELECT (EXISTS (SELECT FROM :"bytes") OR EXISTS (SELECT FROM antenna.progress WHERE records_totalled > 0))::integer
