-- Completes the prompts of a CSV file into files of JSON lines, and reads these back.
-- Run it from the top folder: deploy/bin/flink-gpt2 sql deploy/sql/files.sql
-- Paths are relative to where it is run. Each run adds files to deploy/target/sql/completions.

-- Output files are finished by checkpoints.
SET 'execution.checkpointing.interval' = '1 s';
-- One file of output, in the order of the input.
SET 'parallelism.default' = '1';
-- Twice the batch-size keeps the batch full although rows wait for their order.
SET 'table.exec.async-ml-predict.max-concurrent-operations' = '64';
-- A row that waits longer than this fails the job; Flink's default is 3 minutes.
SET 'table.exec.async-ml-predict.timeout' = '1 h';

CREATE TEMPORARY TABLE prompts (
  id STRING,
  prompt STRING,
  author STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'deploy/sql/prompts.csv',
  'format' = 'csv',
  'csv.null-literal' = ''
);

CREATE TEMPORARY TABLE completions (
  id STRING,
  author STRING,
  completion STRING,
  token_ids ARRAY<INT>,
  finish_reason STRING,
  error STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'deploy/target/sql/completions',
  'format' = 'json'
);

-- The id of a row is the custom_id of its request, and so decides about its random numbers.
CREATE TEMPORARY MODEL fairytales
INPUT (prompt STRING, custom_id STRING)
OUTPUT (text STRING, token_ids ARRAY<INT>, finish_reason STRING, error STRING)
WITH (
  'provider' = 'gpt2',
  'max-tokens' = '32',
  'temperature' = '0.8',
  'top-p' = '0.95',
  'stop' = '".","?","!"'
);

INSERT INTO completions
SELECT id, author, text, token_ids, finish_reason, error
FROM ML_PREDICT(TABLE prompts, MODEL fairytales, DESCRIPTOR(prompt, id));

SELECT id, author, finish_reason, completion FROM completions;
