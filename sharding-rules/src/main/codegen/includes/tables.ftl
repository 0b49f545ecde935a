<#-- Table references: PostgreSQL's from_list. Source: gram.y, table_ref and what it uses. -->

List<SqlNode> PgFromList() :
{
    List<SqlNode> tables = new ArrayList<SqlNode>();
    SqlNode table;
}
{
    table = PgTableReference() { tables.add(table); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> table = PgTableReference() { tables.add(table); } )*
    { return tables; }
}

/** A table with all that is joined to it. */
SqlNode PgTableReference() :
{
    Token first;
    SqlNode table;
}
{
    { first = getToken(1); PgEnter(1); }
    table = PgTablePrimary()
    table = PgJoins(table, first)
    { PgLeave(1); return table; }
}

/** The joins that follow a table. While a join awaits its ON or USING, a further join belongs to its right side. */
SqlNode PgJoins(SqlNode left, Token first) :
{
    SqlNode table = left;
    SqlNode right;
    Token rightFirst;
    PgJoin.Type type;
    int height = 0;
    SqlNode on = null;
    List<SqlIdentifier> using = null;
    SqlIdentifier alias = null;
}
{
    (
        LOOKAHEAD({ PgTree.startsJoin(getToken(1)) })
        { PgEnter(2); height += 2; }
        (
            <CROSS> <JOIN> right = PgTablePrimary()
            { table = PgTree.join(PgPos(first), PgJoin.Type.CROSS, table, right, false, null, null, null); }
        |
            <NATURAL> type = PgJoinType() right = PgTablePrimary()
            { table = PgTree.join(PgPos(first), type, table, right, true, null, null, null); }
        |
            type = PgJoinType() { rightFirst = getToken(1); on = null; using = null; alias = null; }
            right = PgTablePrimary()
            right = PgJoins(right, rightFirst)
            (
                <ON> on = PgExpr()
            |
                <USING> using = PgNamesInParens()
                [ LOOKAHEAD({ getToken(1).kind == AS }) <AS> alias = PgColId() ]
            )
            { table = PgTree.join(PgPos(first), type, table, right, false, on, using, alias); }
        )
    )*
    { PgLeave(height); return table; }
}

PgJoin.Type PgJoinType() :
{
    PgJoin.Type type = PgJoin.Type.INNER;
}
{
    [
        <INNER>
    |   <LEFT> { type = PgJoin.Type.LEFT; } [ <OUTER> ]
    |   <RIGHT> { type = PgJoin.Type.RIGHT; } [ <OUTER> ]
    |   <FULL> { type = PgJoin.Type.FULL; } [ <OUTER> ]
    ]
    <JOIN>
    { return type; }
}

SqlNode PgTablePrimary() :
{
    Token first;
    SqlNode table;
    boolean lateral = false;
}
{
    { first = getToken(1); }
    (
        <LATERAL>
        (
            table = PgSubquery() table = PgAliasedSubquery(table, first, true)
        |   LOOKAHEAD({ PgTree.startsDocumentTable(getToken(1), getToken(2)) }) table = PgDocumentTable(first, true)
        |   table = PgFunctionTable(first, true)
        )
    |
        table = PgTableParens()
        table = PgAliasedParens(table, first)
    |
        LOOKAHEAD({ PgTree.startsDocumentTable(getToken(1), getToken(2)) }) table = PgDocumentTable(first, false)
    |
        LOOKAHEAD({ PgTree.startsTableFunction(getToken(1), getToken(2)) }) table = PgFunctionTable(first, false)
    |
        table = PgRelationOrFunction(first)
    )
    { return table; }
}

/** In parentheses a {@link PgQuery} or a join. */
SqlNode PgTableParens() :
{
    Token inner;
    SqlNode e;
}
{
    { PgEnter(2); }
    <LPAREN>
    { inner = getToken(1); }
    (
        LOOKAHEAD({ PgTree.startsQuery(getToken(1)) }) e = PgQueryExpression(PgTree.noWith())
    |
        LOOKAHEAD({ getToken(1).kind == LPAREN })
        e = PgTableParens()
        (
            LOOKAHEAD({ e instanceof PgQuery && PgTree.continuesQuery(getToken(1)) })
            e = PgQueryRest(PgTree.noWith(), e, inner, inner)
        |
            LOOKAHEAD({ e instanceof PgQuery && getToken(1).kind == RPAREN }) { }
        |
            e = PgAliasedParens(e, inner)
            e = PgJoins(e, inner)
            {
                if (!(e instanceof PgJoin)) {
                    throw PgUnexpected();
                }
            }
        )
    |
        e = PgTableReference()
        {
            if (!(e instanceof PgJoin)) {
                throw PgUnexpected();
            }
        }
    )
    <RPAREN>
    { PgLeave(2); return e; }
}

SqlNode PgAliasedParens(SqlNode inner, Token first) :
{
    SqlNode e = inner;
    SqlIdentifier alias;
    List<SqlIdentifier> columns = Collections.<SqlIdentifier>emptyList();
}
{
    (
        LOOKAHEAD({ inner instanceof PgQuery }) e = PgAliasedSubquery(inner, first, false)
    |
        [
            LOOKAHEAD({ getToken(1).kind == AS || PgTokenSource.isColumnName(getToken(1)) })
            [ <AS> ] alias = PgColId()
            [ LOOKAHEAD({ getToken(1).kind == LPAREN }) columns = PgNamesInParens() ]
            { e = ((PgJoin) inner).as(PgPos(first), alias, columns); }
        ]
    )
    { return e; }
}

SqlNode PgAliasedSubquery(SqlNode query, Token first, boolean lateral) :
{
    SqlIdentifier alias = null;
    List<SqlIdentifier> columns = Collections.<SqlIdentifier>emptyList();
}
{
    [
        LOOKAHEAD({ getToken(1).kind == AS || PgTokenSource.isColumnName(getToken(1)) })
        [ <AS> ] alias = PgColId()
        [ LOOKAHEAD({ getToken(1).kind == LPAREN }) columns = PgNamesInParens() ]
    ]
    { return new PgSubqueryTable(PgPos(first), lateral, (PgQuery) query, PgTree.optional(alias), columns); }
}

/** relation_expr: {@code t}, {@code t *}, {@code ONLY t}, {@code ONLY (t)}. */
PgTable PgRelation() :
{
    Token first;
    SqlIdentifier name;
    boolean only = false;
}
{
    { first = getToken(1); }
    (
        <ONLY> { only = true; }
        (
            <LPAREN> name = PgQualifiedName() <RPAREN>
        |   name = PgQualifiedName()
        )
    |
        name = PgQualifiedName() [ LOOKAHEAD({ getToken(1).kind == STAR }) <STAR> ]
    )
    { return PgTree.table(PgPos(first), name, only); }
}

/** A table by name with its alias and sample, or a call of a function that is no keyword. */
SqlNode PgRelationOrFunction(Token first) :
{
    PgTable table;
    SqlIdentifier name;
    SqlIdentifier alias = null;
    List<SqlIdentifier> columns = Collections.<SqlIdentifier>emptyList();
    List<SqlNode> sample = Collections.<SqlNode>emptyList();
    SqlNode e;
}
{
    (
        LOOKAHEAD({ getToken(1).kind != ONLY && !PgTokenSource.isColumnName(getToken(1)) })
        name = PgFunctionWord() e = PgCalledTable(name, first, false) { return e; }
    |
        table = PgRelation()
        (
            LOOKAHEAD({ getToken(1).kind == LPAREN && PgTree.mayBeTableFunction(first, table, getToken(0)) })
            e = PgCalledTable(table.name(), first, false) { return e; }
        |
            [
                LOOKAHEAD({ getToken(1).kind == AS || PgTokenSource.isColumnName(getToken(1)) })
                [ <AS> ] alias = PgColId()
                [ LOOKAHEAD({ getToken(1).kind == LPAREN }) columns = PgNamesInParens() ]
            ]
            [ LOOKAHEAD({ getToken(1).kind == TABLESAMPLE }) sample = PgSample() ]
            { return new PgTable(PgPos(first), table.name(), table.only(), PgTree.optional(alias), columns, sample); }
        )
    )
}

List<SqlNode> PgSample() :
{
    List<SqlNode> sample = new ArrayList<SqlNode>();
    SqlIdentifier name;
    List<SqlNode> arguments;
    SqlNode e;
}
{
    <TABLESAMPLE> name = PgFunctionWord() { sample.add(name); }
    arguments = PgExprsInParens() { sample.addAll(arguments); }
    [ LOOKAHEAD({ getToken(1).kind == REPEATABLE }) <REPEATABLE> <LPAREN> e = PgExpr() { sample.add(e); } <RPAREN> ]
    { return sample; }
}

SqlNode PgCalledTable(SqlIdentifier name, Token first, boolean lateral) :
{
    PgFunctionCall call;
    SqlNode table;
}
{
    call = PgFunctionApplication(name, first)
    table = PgAliasedFunction(Collections.<SqlNode>singletonList(call), new ArrayList<PgColumnDefinition>(), first, lateral, false)
    { return table; }
}

/** A function call behind LATERAL, one with syntax of its own, or ROWS FROM. */
SqlNode PgFunctionTable(Token first, boolean lateral) :
{
    SqlNode e;
    List<SqlNode> functions = new ArrayList<SqlNode>();
    List<PgColumnDefinition> definitions = new ArrayList<PgColumnDefinition>();
}
{
    (
        LOOKAHEAD({ getToken(1).kind == ROWS && getToken(2).kind == FROM })
        <ROWS> <FROM> <LPAREN>
        PgRowsFromItem(functions, definitions)
        ( <COMMA> PgRowsFromItem(functions, definitions) )*
        <RPAREN>
        e = PgAliasedFunction(functions, definitions, first, lateral, true) { return e; }
    |
        e = PgWindowlessCall() { functions.add(e); }
        e = PgAliasedFunction(functions, definitions, first, lateral, false) { return e; }
    )
}

void PgRowsFromItem(List<SqlNode> functions, List<PgColumnDefinition> definitions) :
{
    SqlNode e;
}
{
    e = PgWindowlessCall() { functions.add(e); }
    [ LOOKAHEAD({ getToken(1).kind == AS }) <AS> PgColumnDefinitions(definitions) ]
}

SqlNode PgWindowlessCall() :
{
    Token first;
    SqlNode e;
    SqlIdentifier name;
    SqlIdentifier part;
}
{
    { first = getToken(1); }
    (
        LOOKAHEAD({ PgTree.startsJsonOrXml(getToken(1), getToken(2)) })
        e = PgJsonOrXmlFunction() { return e; }
    |
        LOOKAHEAD({ PgTree.startsSpecialFunction(getToken(1), getToken(2)) })
        e = PgSpecialFunction() { return e; }
    |
        (
            LOOKAHEAD({ PgTokenSource.isFunctionName(getToken(1)) }) name = PgFunctionWord()
        |   name = PgColId()
            {
                if (getToken(1).kind != DOT) {
                    throw PgUnexpected();
                }
            }
        )
        ( <DOT> part = PgLabel() { name = PgTree.append(name, part); } )*
        e = PgFunctionApplication(name, first) { return e; }
    )
}

SqlNode PgAliasedFunction(
    List<SqlNode> functions, List<PgColumnDefinition> definitions, Token first, boolean lateral, boolean rowsFrom) :
{
    boolean ordinality = false;
    SqlIdentifier alias = null;
    List<SqlIdentifier> columns = Collections.<SqlIdentifier>emptyList();
}
{
    [
        LOOKAHEAD({ getToken(1).kind == WITH && getToken(2).kind == ORDINALITY })
        <WITH> <ORDINALITY> { ordinality = true; }
    ]
    [
        LOOKAHEAD({ getToken(1).kind == AS || PgTokenSource.isColumnName(getToken(1)) })
        [ <AS> ]
        (
            LOOKAHEAD({ getToken(0).kind == AS && getToken(1).kind == LPAREN })
            PgColumnDefinitions(definitions)
        |
            alias = PgColId()
            [
                LOOKAHEAD({ getToken(1).kind == LPAREN })
                (
                    LOOKAHEAD({ getToken(3).kind == COMMA || getToken(3).kind == RPAREN }) columns = PgNamesInParens()
                |   PgColumnDefinitions(definitions)
                )
            ]
        )
    ]
    {
        return new PgFunctionTable(
            PgPos(first), lateral, functions, rowsFrom, ordinality, PgTree.optional(alias), columns, definitions);
    }
}

void PgColumnDefinitions(List<PgColumnDefinition> definitions) :
{}
{
    <LPAREN> PgColumnDefinition(definitions) ( <COMMA> PgColumnDefinition(definitions) )* <RPAREN>
}

void PgColumnDefinition(List<PgColumnDefinition> definitions) :
{
    Token first;
    SqlIdentifier name;
    SqlIdentifier collation;
    PgType type;
}
{
    { first = getToken(1); }
    name = PgColId() type = PgTypeName()
    [ <COLLATE> collation = PgQualifiedName() ]
    { definitions.add(new PgColumnDefinition(PgPos(first), name, type)); }
}
