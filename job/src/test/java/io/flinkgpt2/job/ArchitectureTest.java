package io.flinkgpt2.job;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.flinkgpt2.job.function.SharedModel;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** The levels of this module: imports go downwards only. */
@AnalyzeClasses(packages = "io.flinkgpt2", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    /** Collections that hold what they were made with, by what the sources make them with. */
    private static final Set<String> CONSTANTS =
            Set.of("ALL", "OF_THE_ENVELOPE", "CODES", "SUPPORTED", "ELSEWHERE", "OWN_KAFKA_PROPERTIES", "OF_OTHERS");

    @ArchTest
    static final ArchRule importsGoDownwardsOnly = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("job")
            .definedBy("io.flinkgpt2.job")
            .optionalLayer("operator")
            .definedBy("io.flinkgpt2.job.operator..")
            .layer("function")
            .definedBy("io.flinkgpt2.job.function..")
            .layer("kafka")
            .definedBy("io.flinkgpt2.job.kafka")
            .layer("source and sinks")
            .definedBy("io.flinkgpt2.job.kafka.source..", "io.flinkgpt2.job.kafka.sink..")
            .layer("files")
            .definedBy("io.flinkgpt2.job.files..")
            .optionalLayer("metrics")
            .definedBy("io.flinkgpt2.job.metrics..")
            .layer("record")
            .definedBy("io.flinkgpt2.job.record..")
            .layer("model-core")
            .definedBy(
                    "io.flinkgpt2.benchmark..",
                    "io.flinkgpt2.validation..",
                    "io.flinkgpt2.pretrained..",
                    "io.flinkgpt2.generation..",
                    "io.flinkgpt2.sampling..",
                    "io.flinkgpt2.constraint..",
                    "io.flinkgpt2.model..",
                    "io.flinkgpt2.weights..",
                    "io.flinkgpt2.hub..",
                    "io.flinkgpt2.tokenizer..",
                    "io.flinkgpt2.tensor..",
                    "io.flinkgpt2.digest..",
                    "io.flinkgpt2.json..")
            .whereLayer("job")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("operator")
            .mayOnlyBeAccessedByLayers("job")
            .whereLayer("function")
            .mayOnlyBeAccessedByLayers("job", "operator")
            .whereLayer("kafka")
            .mayOnlyBeAccessedByLayers("job")
            .whereLayer("source and sinks")
            .mayOnlyBeAccessedByLayers("job", "kafka")
            .whereLayer("files")
            .mayOnlyBeAccessedByLayers("job")
            .whereLayer("metrics")
            .mayOnlyBeAccessedByLayers("job", "operator", "function")
            .whereLayer("record")
            .mayOnlyBeAccessedByLayers("job", "operator", "function", "kafka", "source and sinks", "files", "metrics");

    @ArchTest
    static final ArchRule sourceAndSinksDoNotKnowEachOther =
            slices().matching("io.flinkgpt2.job.kafka.(*)..").should().notDependOnEachOther();

    @ArchTest
    static final ArchRule recordsAndWhatLiesBelowKnowNeitherFlinkNorKafka = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "io.flinkgpt2.job",
                    "io.flinkgpt2.job.operator..",
                    "io.flinkgpt2.job.function..",
                    "io.flinkgpt2.job.kafka..",
                    "io.flinkgpt2.job.files..",
                    "io.flinkgpt2.job.metrics..",
                    "io.flinkgpt2.local..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.flink..", "org.apache.kafka..", "kafka..");

    @ArchTest
    static final ArchRule functionsKnowNoKafka = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.flinkgpt2.job.function..", "io.flinkgpt2.job.operator..", "io.flinkgpt2.job.metrics..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.kafka..", "kafka..", "org.apache.flink.connector..");

    @ArchTest
    static final ArchRule aStaticFieldIsFinal = fields().that()
            .areStatic()
            .and()
            .areDeclaredInClassesThat()
            .areNotEnums()
            .should()
            .beFinal();

    @ArchTest
    static final ArchRule onlyTheSharedModelHasStaticStateThatChanges = fields().that()
            .areStatic()
            .and()
            .areDeclaredInClassesThat()
            .resideInAPackage("io.flinkgpt2.job..")
            .and(areCollectionsOrAtomics())
            .should()
            .beDeclaredIn(SharedModel.class);

    @ArchTest
    static final ArchRule onlyTheJobsHelpIsPrinted = noClasses()
            .that()
            .doNotBelongToAnyOf(CompletionJob.class)
            .and()
            .doNotHaveFullyQualifiedName("io.flinkgpt2.tensor.BestKernels") // warns where there is no log
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(Throwable.class, "printStackTrace");

    @ArchTest
    static final ArchRule nothingEndsTheProcess = noClasses()
            .should()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "halt", int.class);

    @ArchTest
    static final ArchRule exceptionsSayWhatTheyAre =
            classes().that().areAssignableTo(Throwable.class).should().haveSimpleNameEndingWith("Exception");

    private static DescribedPredicate<JavaField> areCollectionsOrAtomics() {
        return DescribedPredicate.describe(
                "hold collections that can change, or atomics",
                field -> (field.getRawType().isAssignableTo(Map.class)
                                || field.getRawType().isAssignableTo(Collection.class)
                                || field.getRawType().getPackageName().startsWith("java.util.concurrent"))
                        && !CONSTANTS.contains(field.getName()));
    }
}
