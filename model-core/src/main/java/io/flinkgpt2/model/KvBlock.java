package io.flinkgpt2.model;

/**
 * Memory for the keys and values of {@value KvCache#BLOCK_POSITIONS} positions in all layers, lent by {@link KvBlocks} and
 * given back when the last of those that hold it lets go. {@link KvLayout} says what lies where in it.
 */
public final class KvBlock {

    final float[] floats;
    /** How many stripes of keys are closed, from the first on, in each layer. */
    final int[] closedStripes;
    /** Caches that append to it; more than one after a fork, until all but one have a copy of their own. */
    int appenders;
    /** Caches and others that hold it; 0: it lies in the pool. */
    int holders;

    KvBlock(int floats, int layers) {
        this.floats = new float[floats];
        this.closedStripes = new int[layers];
    }
}
