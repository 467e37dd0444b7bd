-- Completes the prompts of a Kafka topic into another one, exactly once, with the topics' records as JSON.
-- A broker with the topics, in another terminal:
--   deploy/bin/flink-gpt2 local --topics sql-prompts,sql-completions
-- Run it by: deploy/bin/flink-gpt2 sql deploy/sql/kafka.sql
-- It ends with the records that are there: the sources are bounded. Without 'scan.bounded.mode' the second INSERT runs on
-- until it is interrupted.

-- Completions become readable with each checkpoint, for they are written in transactions.
SET 'execution.checkpointing.interval' = '1 s';
SET 'table.exec.async-ml-predict.max-concurrent-operations' = '64';
SET 'table.exec.async-ml-predict.output-mode' = 'ALLOW_UNORDERED';
SET 'table.exec.async-ml-predict.timeout' = '1 h';

CREATE TEMPORARY TABLE prompts (
  id STRING,
  prompt STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'sql-prompts',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'flink-gpt2-sql',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'id',
  'value.format' = 'json',
  'value.fields-include' = 'ALL'
);

CREATE TEMPORARY TABLE completions (
  id STRING,
  completion STRING,
  finish_reason STRING,
  error STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'sql-completions',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.isolation.level' = 'read_committed',
  'properties.transaction.timeout.ms' = '600000',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'id',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = 'flink-gpt2-sql'
);

CREATE TEMPORARY MODEL fairytales
INPUT (prompt STRING, custom_id STRING)
OUTPUT (text STRING, finish_reason STRING, error STRING)
WITH (
  'provider' = 'gpt2',
  'max-tokens' = '32'
);

-- Something to complete.
INSERT INTO prompts VALUES
  ('tale-1', 'Once upon a time there was a'),
  ('tale-2', 'The king said to his daughter,'),
  ('tale-3', 'In the middle of the forest stood');

INSERT INTO completions
SELECT id, text, finish_reason, error
FROM ML_PREDICT(TABLE prompts, MODEL fairytales, DESCRIPTOR(prompt, id));

SELECT id, finish_reason, completion FROM completions;
