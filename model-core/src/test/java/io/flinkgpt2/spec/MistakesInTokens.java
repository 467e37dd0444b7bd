package io.flinkgpt2.spec;

import static io.flinkgpt2.spec.PlantedMistake.mistake;

import java.util.List;

/** Mistakes in section 2: tokens and embeddings. */
final class MistakesInTokens {

    static final List<PlantedMistake> ALL = List.of(
            mistake(
                    "2.1",
                    "'t is no piece of its own",
                    "tokenizer/SplitPattern.java",
                    "'(?:[sdmt]|ll|ve|re)",
                    "'(?:[sdm]|ll|ve|re)",
                    "tokenizer.TokenizerGoldenTest#rule2_1_gpt2EncodesAndDecodesAsTwoOtherEncodersDo"),
            mistake(
                    "2.1",
                    "a model's own vocabulary is passed over",
                    "pretrained/ModelTokenizer.java",
                    "return directory.fromVocabularyFiles();",
                    "return directory.gpt2();",
                    "pretrained.PretrainedTest#rule2_1_aModelsOwnVocabularyIsUsed"),
            mistake(
                    "2.1",
                    "a model without a tokenizer has GPT-2's, however many ids it has",
                    "pretrained/ModelTokenizer.java",
                    "rows == gpt2",
                    "rows > 0",
                    "pretrained.PretrainedTest#rule2_1_aModelWithoutATokenizerHasGpt2sOnlyIfItHasAsManyIds"),
            mistake(
                    "2.1",
                    "the first added token at a place is found, not the longest",
                    "tokenizer/AddedTokens.java",
                    "longest = node.token == null ? longest : node.token;",
                    "longest = longest == null ? node.token : longest;",
                    "tokenizer.AddedTokensTest#rule2_1_addedTokensAreFoundAsByTheTokenizersLibrary"),
            mistake(
                    "2.1",
                    "the id vocab_size is allowed",
                    "generation/PromptLimits.java",
                    "tokenId >= config.vocabularySize()",
                    "tokenId > config.vocabularySize()",
                    "generation.GeneratorTest#rule1_3_rule2_1_whatIsOutOfRangeIsNamedAndLeavesTheGeneratorUsable"),
            mistake(
                    "2.2",
                    "text that spells a special token is one, though nobody allowed it",
                    "tokenizer/AddedTokens.java",
                    "int index = onlySpecial && !allowSpecial ? text.length() : 0;",
                    "int index = 0; allowSpecial = true;",
                    "tokenizer.TokenizerTest#rule2_2_textThatSpellsASpecialTokenIsOrdinaryUnlessAllowed"),
            mistake(
                    "2.2",
                    "text that spells a special token is none, though it is allowed",
                    "tokenizer/AddedTokens.java",
                    "int index = onlySpecial && !allowSpecial ? text.length() : 0;",
                    "int index = text.length();",
                    "tokenizer.TokenizerTest#rule2_2_textThatSpellsASpecialTokenIsOrdinaryUnlessAllowed"),
            mistake(
                    "2.3",
                    "each token ends its last character",
                    "tokenizer/StreamingDecoder.java",
                    "tokens.decode(tokenId, skipSpecialTokens, utf8, completed);",
                    "tokens.decode(tokenId, skipSpecialTokens, utf8, completed); utf8.finish(completed);",
                    "tokenizer.StreamingDecoderTest#rule2_3_bytesOfAnUnfinishedCharacterAreHeldBack"),
            mistake(
                    "2.3",
                    "what is held back at the end is lost",
                    "tokenizer/StreamingDecoder.java",
                    "utf8.finish(completed);",
                    "utf8.reset();",
                    "tokenizer.StreamingDecoderTest#rule2_3_whatIsHeldBackEndsAsOneReplacementCharacterAndTheDecoderIsFreshAgain"),
            mistake(
                    "2.3",
                    "overlong forms are characters",
                    "tokenizer/Utf8.java",
                    "lowest = 0xA0;",
                    "lowest = 0x80;",
                    "tokenizer.StreamingDecoderTest#rule2_3_illFormedUtf8BecomesOneReplacementCharacterForEachMaximalSubpart"),
            mistake(
                    "2.4",
                    "an end-of-text id outside of the vocabulary is its last id",
                    "model/EndOfTextIds.java",
                    ".filter(id -> id >= 0 && id < vocabularySize)",
                    ".map(id -> Math.floorMod(id, vocabularySize))",
                    "model.Gpt2ConfigTest#rule2_4_theEndOfTextIdIsTheConfigsElseGpt2sElseNone"),
            mistake(
                    "2.4",
                    "a config without an end-of-text id means the id 0",
                    "model/Gpt2ConfigJson.java",
                    "List.of(Gpt2Config.DEFAULT_END_OF_TEXT_ID)",
                    "List.of(0)",
                    "model.Gpt2ConfigTest#rule2_4_theEndOfTextIdIsTheConfigsElseGpt2sElseNone"),
            mistake(
                    "2.4",
                    "an empty prompt begins from another token",
                    "generation/PromptLimits.java",
                    "new int[] {endOfText}",
                    "new int[] {endOfText + 1}",
                    "generation.GeneratorTest#rule2_4_anEmptyPromptIsCompletedFromEndOfText"),
            mistake(
                    "2.4",
                    "the vocabulary size of a GGUF file is its columns",
                    "model/GgufConfig.java",
                    "embedding.shape().get(0) : 0;",
                    "embedding.shape().get(1) : 0;",
                    "model.GgufConfigTest#rule1_7_rule2_4_rule3_7_hyperParametersComeFromTheMetadataAndTheVocabularySizeFromTheEmbedding"),
            mistake(
                    "2.5",
                    "positions are counted within the pass",
                    "model/Gpt2.java",
                    "batch.position(r) * n;",
                    "r * n;",
                    "model.ForwardRulesTest#rule2_5_anEmbeddingIsThatOfTheTokenPlusThatOfThePositionCountedOnWhileDecoding"));

    private MistakesInTokens() {}
}
