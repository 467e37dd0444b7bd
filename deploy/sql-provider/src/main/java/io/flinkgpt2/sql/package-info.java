/**
 * GPT-2 in tables: the model provider {@code gpt2} of Flink SQL, {@code CREATE MODEL … WITH ('provider' = 'gpt2', …)}. The guide
 * is docs/sql.md. It stands on model-core alone and knows neither the job nor Kafka.
 */
package io.flinkgpt2.sql;
