<#-- Queries: PostgreSQL's SelectStmt. Source: gram.y and the manual's page on SELECT. -->

/** A query without its WITH, which was read before. */
PgQuery PgQueryExpression(PgWith with) :
{
    Token first;
    Token arm;
    SqlNode body;
    PgQuery query;
}
{
    { first = with == null ? getToken(1) : null; PgEnter(2); }
    [ LOOKAHEAD({ getToken(1).kind == WITH && with == null }) with = PgWithClause() ]
    { arm = getToken(1); }
    body = PgSetPrimary()
    query = PgQueryRest(with, body, first, arm)
    { PgLeave(2); return query; }
}

/** What follows a query's first arm: set operations, ORDER BY, LIMIT, OFFSET, locking. */
PgQuery PgQueryRest(PgWith with, SqlNode arm, Token start, Token armStart) :
{
    SqlNode body;
    Token first = start;
    List<PgOrderItem> orderBy = Collections.<PgOrderItem>emptyList();
    List<PgLocking> locking = new ArrayList<PgLocking>();
    PgLocking lock;
    SqlNode limit = null;
    SqlNode offset = null;
    boolean limited = false;
    boolean withTies = false;
}
{
    body = PgIntersections(arm, armStart)
    body = PgUnions(body, armStart)
    [ LOOKAHEAD({ getToken(1).kind == ORDER }) orderBy = PgOrderBy() ]
    (
        LOOKAHEAD({ PgTree.endsQuery(getToken(1)) })
        (
        LOOKAHEAD({ getToken(1).kind == LIMIT && !limited })
        <LIMIT> { limited = true; }
        ( <ALL> | limit = PgExpr() )
    |
        LOOKAHEAD({ getToken(1).kind == FETCH && !limited })
        <FETCH> { limited = true; }
        ( <FIRST> | <NEXT> ) { limit = PgTree.one(getToken(0)); }
        [ LOOKAHEAD({ getToken(1).kind != ROW && getToken(1).kind != ROWS }) limit = PgFetchCount() ]
        ( <ROW> | <ROWS> )
        ( <ONLY> | <WITH> <TIES> { withTies = true; } )
    |
        LOOKAHEAD({ getToken(1).kind == OFFSET && offset == null })
        <OFFSET> offset = PgExpr()
        [ LOOKAHEAD({ getToken(1).kind == ROW || getToken(1).kind == ROWS }) ( <ROW> | <ROWS> ) ]
    |
        LOOKAHEAD({ getToken(1).kind == FOR })
        <FOR>
        (
            <READ> <ONLY>
        |   lock = PgLockingClause() { locking.add(lock); }
        )
        )
    )*
    {
        return PgTree.query(
            first == null ? PgTree.posFrom(with, getToken(0)) : PgPos(first),
            with, body, orderBy, limit, withTies, offset, locking);
    }
}

SqlNode PgFetchCount() :
{
    Token first;
    SqlNode e;
}
{
    { first = getToken(1); }
    (
        <PLUS> e = PgPrimary() { return PgTree.call(SqlStdOperatorTable.UNARY_PLUS, PgPos(first), e); }
    |   <MINUS> e = PgPrimary() { return PgTree.call(SqlStdOperatorTable.UNARY_MINUS, PgPos(first), e); }
    |   e = PgPrimary() { return e; }
    )
}

PgLocking PgLockingClause() :
{
    Token first;
    String strength;
    String wait = "";
    List<SqlIdentifier> tables = new ArrayList<SqlIdentifier>();
    SqlIdentifier name;
}
{
    { first = getToken(0); }
    (
        <UPDATE> { strength = "update"; }
    |   <NO> <KEY> <UPDATE> { strength = "no key update"; }
    |   <SHARE> { strength = "share"; }
    |   <KEY> <SHARE> { strength = "key share"; }
    )
    [
        <OF> name = PgQualifiedName() { tables.add(name); }
        ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> name = PgQualifiedName() { tables.add(name); } )*
    ]
    [ <NOWAIT> { wait = "nowait"; } | <SKIP_> <LOCKED> { wait = "skip locked"; } ]
    { return new PgLocking(PgPos(first), strength, tables, wait); }
}

/** UNION and EXCEPT, which bind alike and to the left, but less than INTERSECT. */
SqlNode PgUnions(SqlNode arm, Token first) :
{
    SqlNode right;
    Token start;
    boolean except;
    boolean all;
    PgSetArms arms = new PgSetArms(arm, first, (PgTokenSource) token_source);
}
{
    (
        LOOKAHEAD({ getToken(1).kind == UNION || getToken(1).kind == EXCEPT })
        ( <UNION> { except = false; } | <EXCEPT> { except = true; } )
        { all = false; }
        [ <ALL> { all = true; } | <DISTINCT> ]
        { start = getToken(1); }
        right = PgSetPrimary()
        right = PgIntersections(right, start)
        {
            arms.add(except ? PgSetOperation.Operation.EXCEPT : PgSetOperation.Operation.UNION, all, right, getToken(0));
        }
    )*
    { return arms.node(); }
}

SqlNode PgIntersections(SqlNode arm, Token first) :
{
    SqlNode right;
    boolean all;
    PgSetArms arms = new PgSetArms(arm, first, (PgTokenSource) token_source);
}
{
    (
        LOOKAHEAD({ getToken(1).kind == INTERSECT })
        <INTERSECT> { all = false; }
        [ <ALL> { all = true; } | <DISTINCT> ]
        right = PgSetPrimary()
        {
            arms.add(PgSetOperation.Operation.INTERSECT, all, right, getToken(0));
        }
    )*
    { return arms.node(); }
}

SqlNode PgSetPrimary() :
{
    SqlNode e;
}
{
    e = PgSelectCore() { return e; }
|   e = PgValuesClause() { return e; }
|   e = PgTableCommand() { return e; }
|   e = PgSubquery() { return e; }
}

SqlNode PgTableCommand() :
{
    Token first;
    PgTable table;
}
{
    <TABLE> { first = getToken(0); } table = PgRelation()
    { return PgTree.selectAll(PgPos(first), table); }
}

PgValues PgValuesClause() :
{
    Token first;
    List<SqlNodeList> rows = new ArrayList<SqlNodeList>();
    SqlNodeList row;
}
{
    <VALUES> { first = getToken(0); }
    row = PgValuesRow() { rows.add(row); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> row = PgValuesRow() { rows.add(row); } )*
    { return new PgValues(PgPos(first), rows); }
}

SqlNodeList PgValuesRow() :
{
    Token first;
    List<SqlNode> row;
}
{
    { first = getToken(1); }
    row = PgExprsInParens() { return new SqlNodeList(row, PgPos(first)); }
}

SqlNode PgSelectCore() :
{
    Token first;
    boolean distinct = false;
    List<SqlNode> distinctOn = Collections.<SqlNode>emptyList();
    List<PgSelectItem> items = Collections.<PgSelectItem>emptyList();
    SqlIdentifier into = null;
    List<SqlNode> from = Collections.<SqlNode>emptyList();
    SqlNode where = null;
    boolean groupByDistinct = false;
    List<SqlNode> groupBy = Collections.<SqlNode>emptyList();
    SqlNode having = null;
    List<PgWindow> windows = new ArrayList<PgWindow>();
    PgWindow window;
}
{
    <SELECT> { first = getToken(0); }
    [
        <ALL>
    |
        <DISTINCT> { distinct = true; }
        [ LOOKAHEAD({ getToken(1).kind == ON }) <ON> distinctOn = PgExprsInParens() ]
    ]
    [ LOOKAHEAD({ !PgTree.endsSelectList(getToken(1)) || distinct }) items = PgSelectItems() ]
    [ <INTO> into = PgIntoTarget() ]
    [ <FROM> from = PgFromList() ]
    [ <WHERE> where = PgExpr() ]
    [
        LOOKAHEAD({ getToken(1).kind == GROUP }) <GROUP> <BY>
        [ <ALL> | <DISTINCT> { groupByDistinct = true; } ]
        groupBy = PgGroupingElements()
    ]
    [ <HAVING> having = PgExpr() ]
    [
        LOOKAHEAD({ getToken(1).kind == WINDOW }) <WINDOW>
        window = PgWindowDefinition() { windows.add(window); }
        ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> window = PgWindowDefinition() { windows.add(window); } )*
    ]
    {
        return new PgSelect(
            PgPos(first), distinct, distinctOn, items, PgTree.optional(into), from, PgTree.optional(where), groupByDistinct,
            groupBy, PgTree.optional(having), windows);
    }
}

PgWindow PgWindowDefinition() :
{
    Token first;
    SqlIdentifier name;
    PgWindow window;
}
{
    { first = getToken(1); }
    name = PgColId() <AS> window = PgWindowSpecification(name, first) { return window; }
}

SqlIdentifier PgIntoTarget() :
{
    SqlIdentifier name;
}
{
    [
        LOOKAHEAD({ PgTree.isPersistence(getToken(1), getToken(2)) })
        ( [ <LOCAL> | <GLOBAL> ] ( <TEMPORARY> | <TEMP> ) | <UNLOGGED> )
    ]
    [ <TABLE> ]
    name = PgQualifiedName() { return name; }
}

List<PgSelectItem> PgSelectItems() :
{
    List<PgSelectItem> items = new ArrayList<PgSelectItem>();
    PgSelectItem item;
}
{
    item = PgSelectItem() { items.add(item); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> item = PgSelectItem() { items.add(item); } )*
    { return items; }
}

PgSelectItem PgSelectItem() :
{
    Token first;
    SqlNode e;
    SqlIdentifier label = null;
}
{
    { first = getToken(1); }
    (
        <STAR> { return PgTree.item(PgPos(first), SqlIdentifier.star(PgPos(first)), null); }
    |
        e = PgExpr()
        [
            LOOKAHEAD({ getToken(1).kind == AS || PgTokenSource.isBareLabel(getToken(1)) })
            [ <AS> ] label = PgLabel()
        ]
        { return PgTree.item(PgPos(first), e, label); }
    )
}

List<SqlNode> PgGroupingElements() :
{
    List<SqlNode> elements = new ArrayList<SqlNode>();
    SqlNode e;
}
{
    e = PgGroupingElement() { elements.add(e); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> e = PgGroupingElement() { elements.add(e); } )*
    { return elements; }
}

SqlNode PgGroupingElement() :
{
    Token first;
    List<SqlNode> elements;
    SqlNode e;
}
{
    { first = getToken(1); PgEnter(1); }
    (
        LOOKAHEAD({ getToken(1).kind == LPAREN && getToken(2).kind == RPAREN })
        <LPAREN> <RPAREN> { e = new PgGroupingSet(PgPos(first), "empty", Collections.<SqlNode>emptyList()); }
    |
        LOOKAHEAD({ (getToken(1).kind == ROLLUP || getToken(1).kind == CUBE) && getToken(2).kind == LPAREN })
        ( <ROLLUP> | <CUBE> ) elements = PgExprsInParens() { e = new PgGroupingSet(PgPos(first), first.image, elements); }
    |
        LOOKAHEAD({ getToken(1).kind == GROUPING && getToken(2).kind == SETS })
        <GROUPING> <SETS> <LPAREN> elements = PgGroupingElements() <RPAREN>
        { e = new PgGroupingSet(PgPos(first), "grouping sets", elements); }
    |
        e = PgExpr()
    )
    { PgLeave(1); return e; }
}

List<PgOrderItem> PgOrderBy() :
{
    List<PgOrderItem> items = new ArrayList<PgOrderItem>();
    PgOrderItem item;
}
{
    <ORDER> <BY> item = PgOrderElement() { items.add(item); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> item = PgOrderElement() { items.add(item); } )*
    { return items; }
}

PgOrderItem PgOrderElement() :
{
    Token first;
    SqlNode e;
    boolean descending = false;
    Boolean nullsFirst = null;
    String[] using = null;
}
{
    { first = getToken(1); }
    e = PgExpr()
    [
        <ASC>
    |   <DESC> { descending = true; }
    |   <USING> using = PgBinaryOperator()
    ]
    [
        LOOKAHEAD({ getToken(1).kind == NULLS && (getToken(2).kind == FIRST || getToken(2).kind == LAST) })
        <NULLS> ( <FIRST> { nullsFirst = Boolean.TRUE; } | <LAST> { nullsFirst = Boolean.FALSE; } )
    ]
    { return PgTree.order(PgPos(first), e, descending, nullsFirst, using); }
}

PgWith PgWithClause() :
{
    Token first;
    boolean recursive = false;
    List<PgCte> ctes = new ArrayList<PgCte>();
    PgCte cte;
}
{
    <WITH> { first = getToken(0); }
    [ LOOKAHEAD({ getToken(1).kind == RECURSIVE && PgTokenSource.isColumnName(getToken(2)) && getToken(2).kind != AS }) <RECURSIVE> { recursive = true; } ]
    cte = PgCommonTable() { ctes.add(cte); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> cte = PgCommonTable() { ctes.add(cte); } )*
    { return new PgWith(PgPos(first), recursive, ctes); }
}

PgCte PgCommonTable() :
{
    Token first;
    SqlIdentifier name;
    List<SqlIdentifier> columns = Collections.<SqlIdentifier>emptyList();
    Boolean materialized = null;
    SqlNode statement;
    List<SqlNode> searchAndCycle = new ArrayList<SqlNode>();
    List<SqlIdentifier> added = new ArrayList<SqlIdentifier>();
}
{
    { first = getToken(1); }
    name = PgColId()
    [ LOOKAHEAD({ getToken(1).kind == LPAREN }) columns = PgNamesInParens() ]
    <AS>
    [ <MATERIALIZED> { materialized = Boolean.TRUE; } | <NOT> <MATERIALIZED> { materialized = Boolean.FALSE; } ]
    <LPAREN> { PgEnter(2); } statement = PgStatement() { PgLeave(2); } <RPAREN>
    [ LOOKAHEAD({ getToken(1).kind == SEARCH }) PgSearch(searchAndCycle, added) ]
    [ LOOKAHEAD({ getToken(1).kind == CYCLE }) PgCycle(searchAndCycle, added) ]
    { return new PgCte(PgPos(first), name, columns, PgTree.optional(materialized), statement, searchAndCycle, added); }
}

void PgSearch(List<SqlNode> parts, List<SqlIdentifier> added) :
{
    SqlIdentifier name;
}
{
    <SEARCH> ( <DEPTH> | <BREADTH> ) <FIRST> <BY>
    name = PgColId() { parts.add(name); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> name = PgColId() { parts.add(name); } )*
    <SET> name = PgColId() { added.add(name); }
}

void PgCycle(List<SqlNode> parts, List<SqlIdentifier> added) :
{
    SqlIdentifier name;
    SqlNode e;
}
{
    <CYCLE>
    name = PgColId() { parts.add(name); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> name = PgColId() { parts.add(name); } )*
    <SET> name = PgColId() { added.add(name); }
    [ <TO> e = PgPrimary() { parts.add(e); } <DEFAULT_> e = PgPrimary() { parts.add(e); } ]
    <USING> name = PgColId() { added.add(name); }
}
