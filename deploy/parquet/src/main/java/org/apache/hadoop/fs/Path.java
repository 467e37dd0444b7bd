package org.apache.hadoop.fs;

/** A name in signatures of Parquet's library; nothing is done with it. */
public class Path {}
