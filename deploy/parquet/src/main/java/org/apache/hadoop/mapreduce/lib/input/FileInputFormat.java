package org.apache.hadoop.mapreduce.lib.input;

/** A superclass in Parquet's library; nothing is done with it. */
public abstract class FileInputFormat<K, V> {}
