package org.locationtech.jts.io;

/** A name in Parquet's library, which reads shapes with it where a column has them; this one reads none. */
public class WKBReader {}
