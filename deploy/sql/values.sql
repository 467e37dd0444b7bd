-- Completes three prompts. Run it by: deploy/bin/flink-gpt2 sql deploy/sql/values.sql
-- The model is that of --model, by default the bundled one; on a cluster give the option 'model', or SET 'gpt2.model'.

CREATE TEMPORARY MODEL fairytales
INPUT (prompt STRING)
OUTPUT (text STRING, finish_reason STRING, cumulative_logprob DOUBLE, error STRING)
WITH (
  'provider' = 'gpt2',
  'max-tokens' = '24',
  'temperature' = '0'
);

CREATE TEMPORARY VIEW prompts (prompt) AS
VALUES
  ('Once upon a time there was a'),
  ('The king said to his daughter'),
  (CAST(NULL AS STRING));

SELECT prompt, text, finish_reason, cumulative_logprob, error
FROM ML_PREDICT(TABLE prompts, MODEL fairytales, DESCRIPTOR(prompt));
