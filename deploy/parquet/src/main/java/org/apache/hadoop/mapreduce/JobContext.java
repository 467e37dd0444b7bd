package org.apache.hadoop.mapreduce;

/** A name in signatures of Parquet's library; nothing is done with it. */
public interface JobContext {}
