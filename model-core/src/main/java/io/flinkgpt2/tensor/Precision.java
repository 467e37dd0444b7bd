package io.flinkgpt2.tensor;

/** How the elements of a weight matrix are stored. Products accumulate in float32 whatever it is. */
public enum Precision {
    /** float32, 4 bytes an element. */
    F32,
    /** bfloat16, the upper half of a float32 rounded to nearest even: 2 bytes an element. */
    BF16,
    /** 8-bit integers, -127..127, times one float32 scale for each output column: 1 byte an element. */
    INT8
}
