package org.apache.hadoop.conf;

/** A name in signatures of Parquet's library; nothing is done with it. */
public class Configuration {}
