package io.flinkgpt2.sql;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Collection;
import java.util.Map;

/** The provider stands on model-core and Flink's tables alone, and has static state in one place. */
@AnalyzeClasses(packages = "io.flinkgpt2.sql", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule itKnowsNeitherTheJobNorKafka = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.flinkgpt2.job..",
                    "io.flinkgpt2.local..",
                    "io.flinkgpt2.cli..",
                    "org.apache.kafka..",
                    "org.apache.flink.streaming..",
                    "org.apache.flink.runtime..",
                    "org.apache.flink.table.planner..");

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
            .doNotHaveName("ALL")
            .and()
            .haveRawType(assignableTo(Map.class)
                    .or(assignableTo(Collection.class))
                    .or(resideInAPackage("java.util.concurrent..")))
            .should()
            .beDeclaredIn(SharedModel.class);

    @ArchTest
    static final ArchRule nothingEndsTheProcessOrPrints = noClasses()
            .should()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(Throwable.class, "printStackTrace");

    @ArchTest
    static final ArchRule exceptionsSayWhatTheyAre =
            classes().that().areAssignableTo(Throwable.class).should().haveSimpleNameEndingWith("Exception");
}
