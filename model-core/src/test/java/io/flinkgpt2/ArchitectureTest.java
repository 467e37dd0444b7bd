package io.flinkgpt2;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The levels of this module: imports go downwards only. */
@AnalyzeClasses(packages = "io.flinkgpt2", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule importsGoDownwardsOnly = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("benchmark")
            .definedBy("io.flinkgpt2.benchmark..")
            .layer("validation")
            .definedBy("io.flinkgpt2.validation..")
            .layer("pretrained")
            .definedBy("io.flinkgpt2.pretrained..")
            .layer("generation")
            .definedBy("io.flinkgpt2.generation..")
            .layer("sampling")
            .definedBy("io.flinkgpt2.sampling..")
            .layer("model")
            .definedBy("io.flinkgpt2.model..")
            .layer("weights")
            .definedBy("io.flinkgpt2.weights..")
            .layer("constraint")
            .definedBy("io.flinkgpt2.constraint..")
            .layer("tokenizer")
            .definedBy("io.flinkgpt2.tokenizer..")
            .layer("hub")
            .definedBy("io.flinkgpt2.hub..")
            .layer("tensor")
            .definedBy("io.flinkgpt2.tensor..")
            .layer("digest")
            .definedBy("io.flinkgpt2.digest..")
            .layer("json")
            .definedBy("io.flinkgpt2.json..")
            .whereLayer("benchmark")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("validation")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("pretrained")
            .mayOnlyBeAccessedByLayers("benchmark", "validation")
            .whereLayer("generation")
            .mayOnlyBeAccessedByLayers("benchmark", "validation", "pretrained")
            .whereLayer("sampling")
            .mayOnlyBeAccessedByLayers("benchmark", "validation", "pretrained", "generation")
            .whereLayer("model")
            .mayOnlyBeAccessedByLayers("benchmark", "validation", "generation", "pretrained")
            .whereLayer("weights")
            .mayOnlyBeAccessedByLayers("validation", "generation", "pretrained", "model")
            .whereLayer("constraint")
            .mayOnlyBeAccessedByLayers("benchmark", "generation", "sampling", "pretrained")
            .whereLayer("tokenizer")
            .mayOnlyBeAccessedByLayers("validation", "generation", "pretrained", "constraint")
            .whereLayer("hub")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("tensor")
            .mayOnlyBeAccessedByLayers("benchmark", "validation", "generation", "sampling", "pretrained", "model")
            .whereLayer("digest")
            .mayOnlyBeAccessedByLayers("benchmark", "generation", "sampling", "pretrained", "model", "hub")
            .whereLayer("json")
            .mayOnlyBeAccessedByLayers(
                    "validation", "generation", "sampling", "weights", "tokenizer", "hub", "constraint");

    @ArchTest
    static final ArchRule knowsNeitherFlinkNorKafka =
            noClasses().should().dependOnClassesThat().resideInAnyPackage("org.apache.flink..", "org.apache.kafka..");

    @ArchTest
    static final ArchRule onlyTheTensorPackageUsesVectors = noClasses()
            .that()
            .resideOutsideOfPackage("io.flinkgpt2.tensor")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("jdk.incubator.vector..");

    @ArchTest
    static final ArchRule noStaticMutableState = fields().that()
            .areStatic()
            .and()
            .areDeclaredInClassesThat()
            .areNotEnums()
            .should()
            .beFinal();

    @ArchTest
    static final ArchRule nothingPrintsOrExitsButWhereNoLogCanWarn = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("io.flinkgpt2.tensor.BestKernels")
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(System.class, "exit", int.class);

    /** The results must not depend on the platform's mathematical functions: see the tensor package. */
    @ArchTest
    static final ArchRule noPlatformDependentMathematics = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.flinkgpt2.tensor",
                    "io.flinkgpt2.model",
                    "io.flinkgpt2.sampling",
                    "io.flinkgpt2.constraint",
                    "io.flinkgpt2.generation",
                    "io.flinkgpt2.validation",
                    "io.flinkgpt2.benchmark")
            .should()
            .callMethod(Math.class, "exp", double.class)
            .orShould()
            .callMethod(Math.class, "log", double.class)
            .orShould()
            .callMethod(Math.class, "tanh", double.class)
            .orShould()
            .callMethod(Math.class, "pow", double.class, double.class);

    @ArchTest
    static final ArchRule exceptionsSayWhatTheyAre =
            classes().that().areAssignableTo(Throwable.class).should().haveSimpleNameEndingWith("Exception");
}
