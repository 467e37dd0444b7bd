package io.flinkgpt2.local;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Collection;
import java.util.Map;

/** The levels of this module: imports go downwards only, and nothing here knows the job or its model. */
@AnalyzeClasses(packages = "io.flinkgpt2.local", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule importsGoDownwardsOnly = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("embedded")
            .definedBy("io.flinkgpt2.local.embedded..")
            .layer("cluster")
            .definedBy("io.flinkgpt2.local.cluster..")
            .layer("server")
            .definedBy("io.flinkgpt2.local.server..")
            .layer("web")
            .definedBy("io.flinkgpt2.local.web..")
            .whereLayer("embedded")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("cluster")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("server")
            .mayOnlyBeAccessedByLayers("embedded", "cluster")
            .whereLayer("web")
            .mayOnlyBeAccessedByLayers("embedded", "cluster");

    @ArchTest
    static final ArchRule ofTheProjectOnlyTheWordsForInvalidJsonAreKnown = noClasses()
            .should()
            .dependOnClassesThat(DescribedPredicate.describe(
                    "belong to the job or the model",
                    type -> type.getPackageName().startsWith("io.flinkgpt2.")
                            && !type.getPackageName().startsWith("io.flinkgpt2.local.")
                            && !type.getPackageName().equals("io.flinkgpt2.json")));

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
    static final ArchRule nothingPrints = noClasses()
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
    static final ArchRule exceptionsSayWhatTheyAre = classes()
            .that()
            .areAssignableTo(Throwable.class)
            .should()
            .haveSimpleNameEndingWith("Exception")
            .allowEmptyShould(true);
}
