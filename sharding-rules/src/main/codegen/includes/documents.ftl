<#-- JSON_TABLE and XMLTABLE: tables made of a document. To the tree they are functions in FROM with column definitions;
     the expressions in their columns are arguments too. Source: gram.y, json_table and xmltable. -->

PgFunctionTable PgDocumentTable(Token first, boolean lateral) :
{
    Token call;
    List<SqlNode> arguments = new ArrayList<SqlNode>();
    List<PgColumnDefinition> columns = new ArrayList<PgColumnDefinition>();
    SqlNode function;
    SqlIdentifier alias = null;
    List<SqlIdentifier> columnAliases = Collections.<SqlIdentifier>emptyList();
}
{
    { call = getToken(1); PgEnter(1); }
    (
        <JSON_TABLE> PgJsonTable(arguments, columns)
    |   <XMLTABLE> PgXmlTable(arguments, columns)
    )
    { PgLeave(1); function = PgTree.special(PgPos(call), call, arguments, "table"); }
    [
        LOOKAHEAD({ getToken(1).kind == AS || PgTokenSource.isColumnName(getToken(1)) })
        [ <AS> ] alias = PgColId()
        [ LOOKAHEAD({ getToken(1).kind == LPAREN }) columnAliases = PgNamesInParens() ]
    ]
    {
        return new PgFunctionTable(
            PgPos(first), lateral, Collections.<SqlNode>singletonList(function), false, false, PgTree.optional(alias),
            columnAliases, columns);
    }
}

void PgJsonTable(List<SqlNode> arguments, List<PgColumnDefinition> columns) :
{
    SqlNode e;
}
{
    <LPAREN> e = PgExpr() { arguments.add(e); } [ LOOKAHEAD({ getToken(1).kind == FORMAT }) PgJsonFormat() ]
    <COMMA> e = PgExpr() { arguments.add(e); } [ <AS> PgColId() ]
    [
        LOOKAHEAD({ getToken(1).kind == PASSING })
        <PASSING> PgJsonPassed(arguments)
        ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> PgJsonPassed(arguments) )*
    ]
    PgJsonTableColumns(arguments, columns)
    [ LOOKAHEAD({ getToken(1).kind != RPAREN }) PgJsonBehavior(arguments) <ON> <ERROR> ]
    <RPAREN>
}

/** The columns of a level; those of nested paths come after all of the level's own, as in the table that results. */
void PgJsonTableColumns(List<SqlNode> arguments, List<PgColumnDefinition> columns) :
{
    List<PgColumnDefinition> nested = new ArrayList<PgColumnDefinition>();
}
{
    { PgEnter(3); }
    <COLUMNS> <LPAREN>
    PgJsonTableColumn(arguments, columns, nested)
    ( <COMMA> PgJsonTableColumn(arguments, columns, nested) )*
    <RPAREN>
    { PgLeave(3); columns.addAll(nested); }
}

void PgJsonTableColumn(List<SqlNode> arguments, List<PgColumnDefinition> columns, List<PgColumnDefinition> nested) :
{
    Token first;
    SqlIdentifier name;
    PgType type;
}
{
    { first = getToken(1); }
    (
        LOOKAHEAD({ getToken(1).kind == NESTED && (getToken(2).kind == PATH || getToken(2).kind == QUOTED_STRING) })
        <NESTED> [ <PATH> ] PgJsonPath(arguments) [ <AS> PgColId() ]
        PgJsonTableColumns(arguments, nested)
    |
        LOOKAHEAD({ PgTokenSource.isColumnName(getToken(1)) })
        name = PgColId()
        (
            LOOKAHEAD({ getToken(1).kind == FOR })
            <FOR> <ORDINALITY> { columns.add(PgTree.ordinality(PgPos(first), name)); }
        |
            type = PgTypeName()
            (
                LOOKAHEAD({ getToken(1).kind == EXISTS })
                <EXISTS>
                [ <PATH> PgJsonPath(arguments) ]
                [ LOOKAHEAD({ !PgTree.endsColumn(getToken(1)) }) PgJsonBehavior(arguments) <ON> <ERROR> ]
            |
                PgJsonTableValue(arguments)
            )
            { columns.add(new PgColumnDefinition(PgPos(first), name, type)); }
        )
    )
}

/** What tells how a column's value is found and made: all optional, in this order. */
void PgJsonTableValue(List<SqlNode> arguments) :
{
    boolean onError = false;
}
{
    [ LOOKAHEAD({ getToken(1).kind == FORMAT }) PgJsonFormat() ]
    [ <PATH> PgJsonPath(arguments) ]
    [
        LOOKAHEAD({ getToken(1).kind == WITH || getToken(1).kind == WITHOUT })
        ( <WITH> [ <CONDITIONAL> | <UNCONDITIONAL> ] | <WITHOUT> ) [ <ARRAY> ] <WRAPPER>
    ]
    [
        LOOKAHEAD({ getToken(1).kind == KEEP || getToken(1).kind == OMIT })
        ( <KEEP> | <OMIT> ) <QUOTES> [ <ON> <SCALAR> <STRING> ]
    ]
    [
        LOOKAHEAD({ !PgTree.endsColumn(getToken(1)) })
        PgJsonBehavior(arguments) <ON> ( <EMPTY> | <ERROR> { onError = true; } )
        [ LOOKAHEAD({ !onError && !PgTree.endsColumn(getToken(1)) }) PgJsonBehavior(arguments) <ON> <ERROR> ]
    ]
}

void PgJsonPath(List<SqlNode> arguments) :
{}
{
    <QUOTED_STRING> { arguments.add(PgTree.string(getToken(0))); }
}

void PgJsonBehavior(List<SqlNode> arguments) :
{
    SqlNode e;
}
{
    <DEFAULT_> e = PgExpr() { arguments.add(e); }
|
    <NULL> | <ERROR> | <TRUE> | <FALSE> | <UNKNOWN> | <EMPTY> [ <ARRAY> | <OBJECT> ]
}

void PgXmlTable(List<SqlNode> arguments, List<PgColumnDefinition> columns) :
{
    SqlNode e;
}
{
    <LPAREN>
    [
        LOOKAHEAD({ getToken(1).kind == XMLNAMESPACES })
        <XMLNAMESPACES> <LPAREN> PgXmlNamespace(arguments) ( <COMMA> PgXmlNamespace(arguments) )* <RPAREN> <COMMA>
    ]
    e = PgPrimary() { arguments.add(e); }
    <PASSING> PgXmlMechanism() e = PgPrimary() { arguments.add(e); } PgXmlMechanism()
    <COLUMNS> PgXmlTableColumn(arguments, columns) ( <COMMA> PgXmlTableColumn(arguments, columns) )*
    <RPAREN>
}

void PgXmlNamespace(List<SqlNode> arguments) :
{
    SqlNode e;
}
{
    LOOKAHEAD({ getToken(1).kind == DEFAULT_ })
    <DEFAULT_> e = PgExprAbove(0, true) { arguments.add(e); }
|
    e = PgExprAbove(0, true) { arguments.add(e); } <AS> PgLabel()
}

void PgXmlTableColumn(List<SqlNode> arguments, List<PgColumnDefinition> columns) :
{
    Token first;
    SqlIdentifier name;
    PgType type;
    SqlNode e;
}
{
    { first = getToken(1); }
    name = PgColId()
    (
        LOOKAHEAD({ getToken(1).kind == FOR })
        <FOR> <ORDINALITY> { columns.add(PgTree.ordinality(PgPos(first), name)); }
    |
        type = PgTypeName()
        (
            LOOKAHEAD({ !PgTree.endsColumn(getToken(1)) })
            (
                ( <DEFAULT_> | <PATH> ) e = PgExprAbove(0, true) { arguments.add(e); }
            |   <NOT> <NULL>
            |   <NULL>
            )
        )*
        { columns.add(new PgColumnDefinition(PgPos(first), name, type)); }
    )
}
