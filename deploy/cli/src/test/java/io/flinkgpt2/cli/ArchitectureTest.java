package io.flinkgpt2.cli;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.flinkgpt2.cli.common.SignalExit;
import java.util.Collection;
import java.util.Map;

/** The levels of this module: imports go downwards only, and families of commands do not know each other. */
@AnalyzeClasses(packages = "io.flinkgpt2.cli", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule importsGoDownwardsOnly = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("main")
            .definedBy("io.flinkgpt2.cli")
            .layer("families")
            .definedBy(
                    "io.flinkgpt2.cli.batch..",
                    "io.flinkgpt2.cli.bench..",
                    "io.flinkgpt2.cli.cluster..",
                    "io.flinkgpt2.cli.complete..",
                    "io.flinkgpt2.cli.completion..",
                    "io.flinkgpt2.cli.local..",
                    "io.flinkgpt2.cli.model..",
                    "io.flinkgpt2.cli.plan..",
                    "io.flinkgpt2.cli.sql..",
                    "io.flinkgpt2.cli.topic..",
                    "io.flinkgpt2.cli.verify..")
            .layer("common")
            .definedBy("io.flinkgpt2.cli.common..")
            .ensureAllClassesAreContainedInArchitecture()
            .whereLayer("main")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("families")
            .mayOnlyBeAccessedByLayers("main");

    @ArchTest
    static final ArchRule familiesDoNotKnowEachOther = slices().matching("io.flinkgpt2.cli.(*)..")
            .should()
            .notDependOnEachOther()
            .ignoreDependency(alwaysTrue(), resideInAPackage("io.flinkgpt2.cli.common"));

    @ArchTest
    static final ArchRule aStaticFieldIsFinal = fields().that()
            .areStatic()
            .and()
            .areDeclaredInClassesThat()
            .areNotEnums()
            .should()
            .beFinal();

    @ArchTest
    static final ArchRule nothingHasStaticStateThatChanges = fields().that()
            .areStatic()
            .should()
            .notHaveRawType(assignableTo(Map.class)
                    .or(assignableTo(Collection.class))
                    .or(resideInAPackage("java.util.concurrent..")));

    @ArchTest
    static final ArchRule onlyTheEndOfTheProcessEndsIt = noClasses()
            .that()
            .doNotBelongToAnyOf(SignalExit.class)
            .should()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "exit", int.class)
            .orShould()
            .callMethod(Runtime.class, "halt", int.class);

    @ArchTest
    static final ArchRule exceptionsSayWhatTheyAre =
            classes().that().areAssignableTo(Throwable.class).should().haveSimpleNameEndingWith("Exception");
}
