package io.ostraka.rules.plan;

import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;
import java.util.Locale;

/** The planner's refusals: one method for each, so that each is worded once. */
final class Refusals {
    private static final String ONE_SHARD_HINT =
            "Name the shard key by equality so that one shard has all the rows, or SET ostraka.shard to work on one shard.";

    private Refusals() {}

    static PgError unsupported(String message, String detail, String hint) {
        return new PgError(SqlState.FEATURE_NOT_SUPPORTED, message, detail, hint);
    }

    private static PgError at(PgError error, int offset) {
        return offset < 0 ? error : error.at(offset + 1);
    }

    static PgError inheritance(TableName parent, TableName child) {
        return unsupported(
                "table \"" + parent + "\" cannot be read together with table \"" + child + "\", which inherits from it",
                "The two tables are placed on shards by different rules.",
                "Give both the same rule.");
    }

    static PgError awaited(TableName table, int at) {
        return at(
                unsupported(
                        "table \"" + table + "\" is not known yet",
                        "It has a sharding rule, but was not there when the catalog was read.",
                        "Create it on every shard; it can be used as soon as the catalog is read again."),
                at);
    }

    static PgError materializedView(TableName view, TableName table) {
        return unsupported(
                "materialized view \"" + view + "\" is not whole on any shard",
                "It was made from table \"" + table + "\", whose rows are on other shards.",
                "Query the tables themselves.");
    }

    static PgError viewWithoutDefinition(TableName view) {
        return unsupported(
                "view \"" + view + "\" cannot be used in a database with several shards",
                "Its definition is not understood.",
                "Query the tables themselves.");
    }

    static PgError writeToView(TableName view, int at) {
        return at(
                unsupported(
                        "writing through view \"" + view + "\" is not supported in a database with several shards",
                        "Where the rows belong is decided by the table behind it.",
                        "Write to the table itself."),
                at);
    }

    static PgError writeWithRules(TableName table, int at) {
        return at(
                unsupported(
                        "writing to table \"" + table + "\" is not supported because it has rules",
                        "A rule turns the statement into others, which may need other shards.",
                        "Use a trigger in place of the rule."),
                at);
    }

    static PgError writeToSystemCatalog(TableName table, int at) {
        return at(
                unsupported(
                        "writing to system catalog \"" + table.name()
                                + "\" is not supported in a database with several shards",
                        "Each shard has its own system catalogs.",
                        "SET ostraka.shard to work on one shard."),
                at);
    }

    static PgError writeToReference(TableName table, int at) {
        return at(
                unsupported(
                        "writing to reference table \"" + table + "\" is not supported yet",
                        "The table has a whole copy on every shard, and all copies would have to change together.",
                        "SET ostraka.shard to each shard in turn and make the same change on all of them."),
                at);
    }

    static PgError uniqueWithoutKey(TableName table, List<String> unique, List<String> key, int at) {
        return at(
                unsupported(
                        "uniqueness of (" + String.join(", ", unique) + ") in table \"" + table
                                + "\" cannot be enforced across shards",
                        "It does not include the shard key (" + String.join(", ", key) + ").",
                        "Add the shard key to the unique constraint."),
                at);
    }

    static PgError conflictWithoutKey(TableName table, List<String> key, int at) {
        return at(
                unsupported(
                        "ON CONFLICT on table \"" + table + "\" must include the shard key",
                        "The shard key is (" + String.join(", ", key)
                                + "); a conflicting row could be on another shard.",
                        "Use a conflict target that includes the shard key."),
                at);
    }

    static PgError keyAssigned(TableName table, String column, int at) {
        return at(
                unsupported(
                        "changing shard key column \"" + column + "\" of table \"" + table + "\" is not supported",
                        "The row could belong to another shard afterwards.",
                        "Delete the row and insert it with its new key."),
                at);
    }

    static PgError keyMissing(TableName table, String column, int at) {
        return at(
                unsupported(
                        "INSERT into table \"" + table + "\" must give a value for shard key column \"" + column + "\"",
                        "The shard key decides which shard stores the row.",
                        "List the column and give it a literal or a parameter."),
                at);
    }

    static PgError keyComputed(TableName table, String column, Expression value) {
        String what = value instanceof Expression.Constant ? "DEFAULT" : "an expression";
        return at(
                unsupported(
                        "INSERT into table \"" + table + "\" must give shard key column \"" + column
                                + "\" as a literal or a parameter",
                        "It is " + what + ", whose value only a shard could tell.",
                        "Compute the value first and pass it as a parameter."),
                value.at());
    }

    static PgError keyNull(TableName table, String column) {
        return new PgError(
                SqlState.NOT_NULL_VIOLATION,
                "null value in shard key column \"" + column + "\" of relation \"" + table.name()
                        + "\" violates not-null constraint",
                "The shard key decides which shard stores the row.",
                "Give the column a value.");
    }

    static PgError keyFitsNowhere(TableName table, List<String> key, String values) {
        return new PgError(
                SqlState.CHECK_VIOLATION,
                "no partition of relation \"" + table.name() + "\" found for row",
                "Partition key of the failing row contains (" + String.join(", ", key) + ") = (" + values + ").",
                "No shard has a range or list entry for this key: add one to the table's rule.");
    }

    static PgError keyNotUnderstood(TableName table, String column) {
        return unsupported(
                "value for shard key column \"" + column + "\" of table \"" + table + "\" is not understood",
                "Its shard cannot be told with certainty from its type and text.",
                "Give the value in the column's own type and in standard form.");
    }

    /** {@code whenMany} is why it needs one shard. */
    static PgError notCombined(String construct, PgError whenMany, int at) {
        PgError error = unsupported(
                construct + " is not supported in a query that puts rows of several shards together",
                whenMany.detail(),
                ONE_SHARD_HINT);
        return at(error, at);
    }

    static PgError function(String name, FunctionJudge.Judgement judgement, int at) {
        return at(
                unsupported(
                        "function " + name + "() cannot be called in a database with several shards",
                        judgement.why(),
                        judgement.hint()),
                at);
    }

    static PgError connectionFunction(String name) {
        return unsupported(
                "function " + name + "() cannot be called where connections are pooled by transaction",
                "It depends on what the same connection did before.",
                SystemFunctions.instead(name) + " Or set pool mode to session.");
    }

    static PgError hiddenAccess(TableName table, String why) {
        return unsupported(
                "table \"" + table + "\" cannot be used in a database with several shards",
                why,
                "SET ostraka.shard to work on one shard.");
    }

    static PgError clockWord() {
        return unsupported(
                "'now', 'today' and the like are not supported yet in a query over several shards",
                "Each shard would take the string for the moment or day at which it reads it.",
                "Give the date or time itself.");
    }

    static PgError temporaryName(String name, TableName table) {
        return unsupported(
                "temporary relation \"" + name + "\" cannot have the name of table \"" + table + "\"",
                "It would take the table's place on one shard only.",
                "Choose another name.");
    }

    static PgError keyMoved(TableName table, String why, int at) {
        return at(
                unsupported(
                        "writing to table \"" + table + "\" is not supported because of its trigger",
                        why,
                        "Let the trigger leave these columns alone."),
                at);
    }

    static PgError disagreement(TableName table, String how, int at) {
        return at(
                unsupported(
                        "table \"" + table + "\" is not the same on all shards",
                        how.substring(0, 1).toUpperCase(Locale.ROOT) + how.substring(1) + ".",
                        "Change it on the other shards alike; SET ostraka.shard to work on one shard."),
                at);
    }

    static PgError ambient(String why) {
        return unsupported(
                "statements cannot be planned in this database",
                why,
                "Drop it, or rewrite it so that it reads no table.");
    }

    /** For a statement whose tables are on different shards whatever the values. */
    static PgError differentShards(String tables) {
        return unsupported(
                "statement needs rows of several shards",
                "Its tables are on different shards: " + tables + ".",
                "Split the statement, place the tables on one shard, or give one shard empty tables of the same columns.");
    }

    static PgError writesMany(TableName table) {
        return unsupported(
                "writing to table \"" + table + "\" on several shards in one statement is not supported yet",
                "The statement does not confine it to one value of the shard key.",
                ONE_SHARD_HINT);
    }

    static PgError rowsOfSeveralShards(TableName table, String why) {
        return unsupported(
                "this INSERT of rows that belong to several shards into table \"" + table + "\" is not supported yet",
                why,
                "Insert the rows of each shard by themselves, or one by one; in a transaction block they are written on all"
                        + " shards or on none.");
    }

    static PgError lockedCopies(TableName table) {
        return unsupported(
                "locking rows of reference table \"" + table
                        + "\" together with rows of other shards than the default one is not supported yet",
                "Each shard has a copy of them, and all who lock one must meet at the default shard's.",
                "Lock only the other tables' rows, with OF, or the reference table's in a statement of its own.");
    }

    static PgError sequenceElsewhere(TableName table) {
        return unsupported(
                "a sequence for rows of table \"" + table
                        + "\" on other shards than the default one is not supported yet",
                "Each shard has a sequence of its own, so that the same number would be given twice.",
                "SELECT nextval(...) first, and give its number to the statement.");
    }

    static PgError rowsOfQuery(TableName table, String why) {
        return unsupported(
                "INSERT into table \"" + table + "\" of a query's rows on several shards is not supported yet",
                why,
                "Confine the query to one value of the shard key, or read the rows first and insert them with VALUES.");
    }

    static PgError needsOneShard(String construct, String table, int at) {
        return at(
                unsupported(
                        construct + " over several shards is not supported yet",
                        "The rows of table \"" + table + "\" that may matter are on more than one shard.",
                        ONE_SHARD_HINT),
                at);
    }

    static PgError utility(String what, String detail) {
        return unsupported(
                what + " is not supported in a database with several shards",
                detail,
                "SET ostraka.shard = '<name>' to run it on one shard.");
    }

    static PgError serializable(String what, String detail, String hint) {
        return unsupported(
                what + " is not supported in a SERIALIZABLE transaction over several shards",
                detail,
                hint.isEmpty() ? "Use READ COMMITTED or REPEATABLE READ." : hint);
    }

    static PgError notRead(PgError reason, String names) {
        return new PgError(
                SqlState.FEATURE_NOT_SUPPORTED,
                "statement is not understood and names " + names,
                "Where it would have to run cannot be told: " + reason.message() + ".",
                "Rewrite the marked part, or SET ostraka.shard = '<name>' to run it on one shard.",
                reason.position());
    }
}
