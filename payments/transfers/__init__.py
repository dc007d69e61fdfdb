"""Bank transfers: exact amounts, buyers' proofs, and the money they brought."""
