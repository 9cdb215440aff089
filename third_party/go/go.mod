module antenna-parts

go 1.19

require github.com/duckdb/duckdb-go-bindings v0.10506.0
