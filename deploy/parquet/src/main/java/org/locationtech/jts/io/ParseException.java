package org.locationtech.jts.io;

/** A name in Parquet's library; nothing is done with it. */
public class ParseException extends Exception {
    private static final long serialVersionUID = 1L;
}
