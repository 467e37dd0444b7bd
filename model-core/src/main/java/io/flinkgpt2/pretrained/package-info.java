/** Level 4: models as users have them: a directory or a file that is opened, and completes text. */
package io.flinkgpt2.pretrained;
