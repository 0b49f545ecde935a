<#-- Whole statements: INSERT, UPDATE, DELETE, MERGE, and the entry for them all. Source: gram.y, PreparableStmt. -->

/** The parser's entry: one statement and nothing behind it. */
SqlNode PgStatementEof() :
{
    SqlNode statement;
}
{
    statement = PgStatement() <EOF> { return statement; }
}

SqlNode PgStatement() :
{
    Token first;
    PgWith with = null;
    SqlNode statement;
}
{
    { first = getToken(1); }
    [ LOOKAHEAD({ getToken(1).kind == WITH }) with = PgWithClause() ]
    (
        statement = PgInsertStatement(with, first)
    |   statement = PgUpdateStatement(with, first)
    |   statement = PgDeleteStatement(with, first)
    |   statement = PgMergeStatement(with, first)
    |   LOOKAHEAD({ true }) statement = PgTopQuery(with)
    )
    { return statement; }
}

SqlNode PgTopQuery(PgWith with) :
{
    PgQuery query;
}
{
    query = PgQueryExpression(with) { return query; }
}

SqlNode PgInsertStatement(PgWith with, Token first) :
{
    PgTable table;
    List<PgTarget> columns = Collections.<PgTarget>emptyList();
    String overriding = null;
    PgQuery source = null;
    PgOnConflict onConflict = null;
    PgReturning returning = null;
}
{
    <INSERT> <INTO> table = PgInsertTarget()
    [
        LOOKAHEAD({ getToken(1).kind == LPAREN && !PgTree.startsQuery(getToken(2)) && getToken(2).kind != LPAREN })
        columns = PgTargetsInParens()
    ]
    [ <OVERRIDING> ( <SYSTEM> { overriding = "system"; } | <USER> { overriding = "user"; } ) <VALUE> ]
    (
        LOOKAHEAD({ getToken(1).kind == DEFAULT_ && columns.isEmpty() && overriding == null }) <DEFAULT_> <VALUES>
    |   LOOKAHEAD({ true }) source = PgQueryExpression(PgTree.noWith())
    )
    [ LOOKAHEAD({ getToken(1).kind == ON }) onConflict = PgOnConflictClause() ]
    [ LOOKAHEAD({ getToken(1).kind == RETURNING }) returning = PgReturningClause() ]
    {
        return new PgInsert(
            PgPos(first), PgTree.optional(with), table, columns, PgTree.optional(overriding), PgTree.optional(source),
            PgTree.optional(onConflict), PgTree.optional(returning));
    }
}

PgTable PgInsertTarget() :
{
    Token first;
    SqlIdentifier name;
    SqlIdentifier alias = null;
}
{
    { first = getToken(1); }
    name = PgQualifiedName() [ LOOKAHEAD({ getToken(1).kind == AS }) <AS> alias = PgColId() ]
    { return PgTree.target(PgPos(first), name, false, alias); }
}

/** relation_expr_opt_alias, where SET can be no alias. */
PgTable PgWriteTarget() :
{
    Token first;
    PgTable table;
    SqlIdentifier alias = null;
}
{
    { first = getToken(1); }
    table = PgRelation()
    [
        LOOKAHEAD({ getToken(1).kind == AS || (getToken(1).kind != SET && PgTokenSource.isColumnName(getToken(1))) })
        [ <AS> ] alias = PgColId()
    ]
    { return PgTree.target(PgPos(first), table.name(), table.only(), alias); }
}

List<PgTarget> PgTargetsInParens() :
{
    List<PgTarget> targets = new ArrayList<PgTarget>();
    PgTarget target;
}
{
    <LPAREN> target = PgTarget() { targets.add(target); }
    ( <COMMA> target = PgTarget() { targets.add(target); } )*
    <RPAREN>
    { return targets; }
}

PgTarget PgTarget() :
{
    Token first;
    SqlIdentifier column;
    SqlIdentifier field;
    List<SqlNode> path = new ArrayList<SqlNode>();
    SqlNode e;
}
{
    { first = getToken(1); }
    column = PgColId()
    (
        LOOKAHEAD({ getToken(1).kind == DOT || getToken(1).kind == LBRACKET })
        (
        <DOT> field = PgLabel() { path.add(field); }
    |
        <LBRACKET>
        [ LOOKAHEAD({ getToken(1).kind != COLON }) e = PgExpr() { path.add(e); } ]
        [ <COLON> [ LOOKAHEAD({ getToken(1).kind != RBRACKET }) e = PgExpr() { path.add(e); } ] ]
        <RBRACKET>
        )
    )*
    { return new PgTarget(PgPos(first), column, path); }
}

List<PgAssignment> PgAssignments() :
{
    List<PgAssignment> assignments = new ArrayList<PgAssignment>();
    PgAssignment assignment;
}
{
    assignment = PgAssignment() { assignments.add(assignment); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> assignment = PgAssignment() { assignments.add(assignment); } )*
    { return assignments; }
}

PgAssignment PgAssignment() :
{
    Token first;
    List<PgTarget> targets;
    PgTarget target;
    SqlNode value;
}
{
    { first = getToken(1); }
    (
        targets = PgTargetsInParens() <EQ> value = PgExpr() { return new PgAssignment(PgPos(first), targets, true, value); }
    |
        target = PgTarget() <EQ> value = PgExpr()
        { return new PgAssignment(PgPos(first), Collections.<PgTarget>singletonList(target), false, value); }
    )
}

PgOnConflict PgOnConflictClause() :
{
    Token first;
    List<SqlNode> target = new ArrayList<SqlNode>();
    SqlNode e;
    SqlNode targetWhere = null;
    SqlIdentifier constraint = null;
    List<PgAssignment> assignments = Collections.<PgAssignment>emptyList();
    SqlNode where = null;
    boolean update = false;
}
{
    <ON> { first = getToken(0); } <CONFLICT>
    [
        <LPAREN> e = PgConflictElement() { target.add(e); }
        ( <COMMA> e = PgConflictElement() { target.add(e); } )* <RPAREN>
        [ <WHERE> targetWhere = PgExpr() ]
    |
        <ON> <CONSTRAINT> constraint = PgColId()
    ]
    <DO>
    (
        <NOTHING>
    |
        <UPDATE> <SET> { update = true; } assignments = PgAssignments() [ <WHERE> where = PgExpr() ]
    )
    {
        return new PgOnConflict(
            PgPos(first), target, PgTree.optional(targetWhere), PgTree.optional(constraint), update, assignments,
            PgTree.optional(where));
    }
}

/** index_elem: a column, a function call, or an expression in parentheses; with collation and operator class. */
SqlNode PgConflictElement() :
{
    Token first;
    SqlNode e;
    SqlIdentifier name;
}
{
    { first = getToken(1); }
    (
        <LPAREN> e = PgExpr() <RPAREN>
    |
        LOOKAHEAD({ PgTokenSource.isColumnName(getToken(1)) && getToken(2).kind != LPAREN && getToken(2).kind != DOT })
        e = PgColId()
    |
        e = PgWindowlessCall()
    )
    [ LOOKAHEAD({ getToken(1).kind == COLLATE }) <COLLATE> name = PgQualifiedName() { e = new PgCollate(PgPos(first), e, name); } ]
    [ LOOKAHEAD({ PgTokenSource.isColumnName(getToken(1)) }) name = PgQualifiedName() ]
    { return e; }
}

PgReturning PgReturningClause() :
{
    Token first;
    List<PgSelectItem> items;
    SqlIdentifier[] aliases = new SqlIdentifier[2];
}
{
    <RETURNING> { first = getToken(0); }
    [
        LOOKAHEAD({ getToken(1).kind == WITH })
        <WITH> <LPAREN> PgReturningAlias(aliases) ( <COMMA> PgReturningAlias(aliases) )* <RPAREN>
    ]
    items = PgSelectItems()
    { return new PgReturning(PgPos(first), items, PgTree.optional(aliases[0]), PgTree.optional(aliases[1])); }
}

void PgReturningAlias(SqlIdentifier[] aliases) :
{
    int which;
    SqlIdentifier name;
}
{
    ( <OLD> { which = 0; } | <NEW> { which = 1; } ) <AS> name = PgColId() { aliases[which] = name; }
}

SqlNode PgUpdateStatement(PgWith with, Token first) :
{
    PgTable table;
    List<PgAssignment> assignments;
    List<SqlNode> from = Collections.<SqlNode>emptyList();
    SqlNode where = null;
    PgReturning returning = null;
}
{
    <UPDATE> table = PgWriteTarget() <SET> assignments = PgAssignments()
    [ <FROM> from = PgFromList() ]
    [ where = PgWhereOrCurrent() ]
    [ returning = PgReturningClause() ]
    {
        return new PgUpdate(
            PgPos(first), PgTree.optional(with), table, assignments, from, PgTree.optional(where), PgTree.optional(returning));
    }
}

SqlNode PgDeleteStatement(PgWith with, Token first) :
{
    PgTable table;
    List<SqlNode> using = Collections.<SqlNode>emptyList();
    SqlNode where = null;
    PgReturning returning = null;
}
{
    <DELETE> <FROM> table = PgWriteTarget()
    [ <USING> using = PgFromList() ]
    [ where = PgWhereOrCurrent() ]
    [ returning = PgReturningClause() ]
    { return new PgDelete(PgPos(first), PgTree.optional(with), table, using, PgTree.optional(where), PgTree.optional(returning)); }
}

SqlNode PgWhereOrCurrent() :
{
    Token first;
    SqlIdentifier cursor;
    SqlNode e;
}
{
    <WHERE> { first = getToken(1); }
    (
        LOOKAHEAD({ getToken(1).kind == CURRENT && getToken(2).kind == OF })
        <CURRENT> <OF>
        (
            <PG_PARAMETER> { throw PgUnexpected(); }
        |   cursor = PgColId() { return new PgCurrentOf(PgPos(first), cursor); }
        )
    |
        e = PgExpr() { return e; }
    )
}

SqlNode PgMergeStatement(PgWith with, Token first) :
{
    PgTable table;
    SqlNode source;
    SqlNode on;
    List<PgMergeWhen> whens = new ArrayList<PgMergeWhen>();
    PgMergeWhen when;
    PgReturning returning = null;
}
{
    <MERGE> <INTO> table = PgWriteTarget() <USING> source = PgTableReference() <ON> on = PgExpr()
    ( when = PgMergeWhenClause() { whens.add(when); } )+
    [ returning = PgReturningClause() ]
    { return new PgMerge(PgPos(first), PgTree.optional(with), table, source, on, whens, PgTree.optional(returning)); }
}

PgMergeWhen PgMergeWhenClause() :
{
    Token first;
    PgMergeWhen.Match match;
    PgMergeWhen.Action action;
    SqlNode condition = null;
    List<PgAssignment> assignments = Collections.<PgAssignment>emptyList();
    List<PgTarget> columns = Collections.<PgTarget>emptyList();
    String overriding = null;
    SqlNodeList values = null;
}
{
    <WHEN> { first = getToken(0); }
    (
        <MATCHED> { match = PgMergeWhen.Match.MATCHED; }
    |
        <NOT> <MATCHED> { match = PgMergeWhen.Match.NOT_MATCHED_BY_TARGET; }
        [ <BY> ( <SOURCE> { match = PgMergeWhen.Match.NOT_MATCHED_BY_SOURCE; } | <TARGET> ) ]
    )
    [ <AND> condition = PgExpr() ]
    <THEN>
    (
        <DO> <NOTHING> { action = PgMergeWhen.Action.NOTHING; }
    |
        <DELETE> { action = PgMergeWhen.Action.DELETE; }
    |
        <UPDATE> <SET> assignments = PgAssignments() { action = PgMergeWhen.Action.UPDATE; }
    |
        <INSERT> { action = PgMergeWhen.Action.INSERT; }
        (
            LOOKAHEAD({ getToken(1).kind == DEFAULT_ }) <DEFAULT_> <VALUES>
        |
            LOOKAHEAD({ true })
            [ LOOKAHEAD({ getToken(1).kind == LPAREN }) columns = PgTargetsInParens() ]
            [ <OVERRIDING> ( <SYSTEM> { overriding = "system"; } | <USER> { overriding = "user"; } ) <VALUE> ]
            <VALUES> values = PgValuesRow()
        )
    )
    {
        if ((action == PgMergeWhen.Action.INSERT) != (match == PgMergeWhen.Match.NOT_MATCHED_BY_TARGET)
            && action != PgMergeWhen.Action.NOTHING) {
            throw PgUnexpected();
        }
        return new PgMergeWhen(
            PgPos(first), match, PgTree.optional(condition), action, assignments, columns, PgTree.optional(overriding),
            PgTree.optional(values));
    }
}
