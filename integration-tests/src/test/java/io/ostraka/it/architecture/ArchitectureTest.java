package io.ostraka.it.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * The arrows between modules and packages, and the "never does" of each room. A rule about a package that has no class yet
 * holds; {@link #everyModuleIsLookedAt} makes sure that not all of them hold for that reason.
 */
@AnalyzeClasses(packages = "io.ostraka", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String RULES = "io.ostraka.rules..";
    private static final String TX = "io.ostraka.tx..";
    private static final String PROXY = "io.ostraka.proxy..";
    private static final String JDBC = "io.ostraka.jdbc..";
    private static final String OURS = "io.ostraka..";
    private static final String NETTY = "io.netty..";

    @ArchTest
    static void everyModuleIsLookedAt(JavaClasses all) {
        for (String module : new String[] {RULES, TX, PROXY, JDBC}) {
            assertTrue(all.stream().anyMatch(resideInAPackage(module)), () -> "no class of " + module);
        }
    }

    // Modules

    @ArchTest
    static final ArchRule rulesStandAlone = noClasses()
            .that()
            .resideInAPackage(RULES)
            .should()
            .dependOnClassesThat(oursOutside(RULES))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theCoordinatorKnowsOfRulesOnlyNamesAddressesAndErrors = noClasses()
            .that()
            .resideInAPackage(TX)
            .should()
            .dependOnClassesThat(oursOutside(TX)
                    .and(not(resideInAPackage("io.ostraka.rules.error")))
                    .and(not(resideInAPackage("io.ostraka.rules.config")
                            .and(describe(
                                    "are names or addresses",
                                    type -> type.getSimpleName().endsWith("Name")
                                            || type.getSimpleName().equals("HostPort"))))))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theServerStandsOnRulesAndCoordinator = noClasses()
            .that()
            .resideInAPackage(PROXY)
            .should()
            .dependOnClassesThat(oursOutside(RULES, TX, PROXY))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theDriverStandsOnPgjdbcAlone = classes()
            .that()
            .resideInAPackage(JDBC)
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(JDBC, "java..", "org.postgresql.."))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule packagesFormNoCircle =
            slices().matching("io.ostraka.(*).(*)..").should().beFreeOfCycles();

    // Rooms: what each never does

    @ArchTest
    static final ArchRule rulesAndCoordinatorKnowNoNetty = never(NETTY, RULES, TX);

    /** The YAML file is read in {@code config}; everything behind it sees records. */
    @ArchTest
    static final ArchRule decisionsDoNoInputOrOutput = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.ostraka.rules.rule..",
                    "io.ostraka.rules.catalog..",
                    "io.ostraka.rules.plan..",
                    "io.ostraka.rules.error..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("java.net..", "java.nio.file..", "java.sql..", "javax.sql.."))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule rulesForTablesKnowNoSql =
            never("io.ostraka.rules.sql..", "io.ostraka.rules.rule..", "io.ostraka.rules.config..");

    @ArchTest
    static final ArchRule sqlKnowsNoShards = never("io.ostraka.rules.rule..", "io.ostraka.rules.sql..");

    @ArchTest
    static final ArchRule wireDecidesNothing = noClasses()
            .that()
            .resideInAPackage("io.ostraka.proxy.wire..")
            .should()
            .dependOnClassesThat(oursOutside("io.ostraka.proxy.wire..", "io.ostraka.rules.error.."))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule loginsKnowNoSql =
            neverAny("io.ostraka.proxy.auth..", "io.ostraka.rules.sql..", "io.ostraka.rules.plan..");

    @ArchTest
    static final ArchRule sessionsAndExecutionParseNoSql =
            never("io.ostraka.rules.sql..", "io.ostraka.proxy.session..", "io.ostraka.proxy.execute..");

    @ArchTest
    static final ArchRule backendsKnowNoPlans =
            neverAny("io.ostraka.proxy.backend..", "io.ostraka.rules.sql..", "io.ostraka.rules.plan..");

    @ArchTest
    static final ArchRule theSchemaReaderKnowsNoSessions =
            never("io.ostraka.proxy.session..", "io.ostraka.proxy.schema..");

    /** JDBC blocks, and these packages run on event loops. */
    @ArchTest
    static final ArchRule theDataPlaneUsesNoJdbc = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.ostraka.proxy.wire..",
                    "io.ostraka.proxy.auth..",
                    "io.ostraka.proxy.session..",
                    "io.ostraka.proxy.execute..",
                    "io.ostraka.proxy.transaction..",
                    "io.ostraka.proxy.backend..")
            .should()
            .dependOnClassesThat(
                    resideInAnyPackage("java.sql..", "javax.sql..", "org.postgresql..", "com.zaxxer.hikari.."))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule nobodyKnowsWhoWiresEverything = noClasses()
            .that()
            .resideOutsideOfPackage("io.ostraka.proxy.server..")
            .should()
            .dependOnClassesThat(resideInAPackage("io.ostraka.proxy.server.."))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule packagesAreNamedAfterWhatTheyDo = noClasses()
            .that()
            .resideInAPackage(OURS)
            .should()
            .resideInAnyPackage("..util..", "..common..", "..impl..", "..model..", "..exceptions..");

    /** None of {@code rooms} depends on {@code target}. */
    private static ArchRule never(String target, String... rooms) {
        return noClasses()
                .that()
                .resideInAnyPackage(rooms)
                .should()
                .dependOnClassesThat(resideInAPackage(target))
                .allowEmptyShould(true);
    }

    /** {@code room} depends on none of {@code targets}. */
    private static ArchRule neverAny(String room, String... targets) {
        return noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat(resideInAnyPackage(targets))
                .allowEmptyShould(true);
    }

    private static DescribedPredicate<JavaClass> oursOutside(String... packages) {
        return resideInAPackage(OURS).and(not(resideInAnyPackage(packages)));
    }
}
