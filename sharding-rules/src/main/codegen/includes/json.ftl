<#-- SQL/JSON and SQL/XML functions. Their clauses are read in any order and kept as words: each is the server's to
     judge, and all that matters here is which expressions they hold. Source: gram.y, func_expr_common_subexpr. -->

SqlNode PgJsonOrXmlFunction() :
{
    Token first;
    List<SqlNode> arguments = new ArrayList<SqlNode>();
    StringBuilder syntax = new StringBuilder();
    SqlNode e;
    SqlNode filter = null;
    PgWindow over = null;
    PgType type;
}
{
    { first = getToken(1); PgEnter(1); }
    (
        (
            <JSON> | <JSON_OBJECT> | <JSON_ARRAY> | <JSON_SCALAR> | <JSON_SERIALIZE> | <JSON_QUERY> | <JSON_EXISTS>
        |   <JSON_VALUE>
        )
        PgJsonArguments(arguments, syntax)
    |
        ( <JSON_OBJECTAGG> | <JSON_ARRAYAGG> ) PgJsonArguments(arguments, syntax)
        [
            LOOKAHEAD({ getToken(1).kind == FILTER && getToken(2).kind == LPAREN })
            <FILTER> <LPAREN> <WHERE> filter = PgExpr() <RPAREN>
        ]
        [ LOOKAHEAD({ getToken(1).kind == OVER }) over = PgOver() ]
    |
        <XMLCONCAT> arguments = PgExprsInParens()
    |
        <XMLFOREST> PgLabelled(arguments)
    |
        <XMLELEMENT> <LPAREN> <NAME> PgLabel() { syntax.append(getToken(0).image); }
        (
            LOOKAHEAD({ getToken(1).kind == COMMA })
            <COMMA>
            (
                LOOKAHEAD({ getToken(1).kind == XMLATTRIBUTES }) <XMLATTRIBUTES> PgLabelled(arguments)
            |   e = PgExpr() { arguments.add(e); }
            )
        )*
        <RPAREN>
    |
        <XMLPI> <LPAREN> <NAME> PgLabel() { syntax.append(getToken(0).image); }
        [ <COMMA> e = PgExpr() { arguments.add(e); } ]
        <RPAREN>
    |
        <XMLPARSE> <LPAREN> ( <DOCUMENT> | <CONTENT> ) { syntax.append(getToken(0).image); }
        e = PgExpr() { arguments.add(e); }
        [ ( <PRESERVE> | <STRIP> ) { syntax.append(' ').append(getToken(0).image); } <PG_WHITESPACE> ]
        <RPAREN>
    |
        <XMLROOT> <LPAREN> e = PgExpr() { arguments.add(e); } <COMMA> <VERSION>
        ( LOOKAHEAD({ getToken(1).kind == NO && getToken(2).kind == VALUE }) <NO> <VALUE> | e = PgExpr() { arguments.add(e); } )
        [ <COMMA> <STANDALONE> ( <YES> | <NO> [ <VALUE> ] ) { syntax.append("standalone"); } ]
        <RPAREN>
    |
        <XMLSERIALIZE> <LPAREN> ( <DOCUMENT> | <CONTENT> ) { syntax.append(getToken(0).image); }
        e = PgExpr() { arguments.add(e); } <AS> type = PgTypeName() { arguments.add(type); }
        [ <INDENT> { syntax.append(" indent"); } | <NO> <INDENT> ]
        <RPAREN>
    |
        <XMLEXISTS> <LPAREN> e = PgPrimary() { arguments.add(e); } <PASSING> PgXmlMechanism()
        e = PgPrimary() { arguments.add(e); } PgXmlMechanism() <RPAREN>
    )
    {
        PgLeave(1);
        return PgTree.aggregate(
            PgPos(first), PgTree.special(PgPos(first), first, arguments, syntax.toString().trim()),
            Collections.<PgOrderItem>emptyList(), filter, over);
    }
}

void PgXmlMechanism() :
{}
{
    [ <BY> ( <REF> | <VALUE> ) ]
}

/** {@code (expression [AS label], ...)}. */
void PgLabelled(List<SqlNode> arguments) :
{
    SqlNode e;
}
{
    <LPAREN> e = PgExpr() { arguments.add(e); } [ <AS> PgLabel() ]
    ( <COMMA> e = PgExpr() { arguments.add(e); } [ <AS> PgLabel() ] )*
    <RPAREN>
}

void PgJsonArguments(List<SqlNode> arguments, StringBuilder syntax) :
{
    SqlNode e;
}
{
    <LPAREN>
    [
        LOOKAHEAD({
            getToken(1).kind != RPAREN
                && (PgTree.startsQuery(getToken(1)) || !PgTree.startsJsonClause(getToken(1), getToken(2)))
        })
        (
            LOOKAHEAD({ PgTree.startsQuery(getToken(1)) })
            e = PgQueryExpression(PgTree.noWith()) { arguments.add(e); syntax.append(" query"); }
        |
            PgJsonItem(arguments, syntax)
            ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> PgJsonItem(arguments, syntax) )*
        )
    ]
    ( LOOKAHEAD({ PgTree.startsJsonClause(getToken(1), getToken(2)) }) PgJsonClause(arguments, syntax) )*
    <RPAREN>
}

/** {@code value}, {@code key VALUE value} or {@code key : value}. */
void PgJsonItem(List<SqlNode> arguments, StringBuilder syntax) :
{
    SqlNode e;
}
{
    e = PgArgument() { arguments.add(e); }
    [ LOOKAHEAD({ getToken(1).kind == FORMAT }) PgJsonFormat() ]
    [
        LOOKAHEAD({ getToken(1).kind == VALUE || getToken(1).kind == COLON })
        ( <VALUE> | <COLON> ) e = PgExpr() { arguments.add(e); syntax.append(" pair"); }
        [ LOOKAHEAD({ getToken(1).kind == FORMAT }) PgJsonFormat() ]
    ]
}

void PgJsonFormat() :
{}
{
    <FORMAT> <JSON> [ <ENCODING> PgColId() ]
}

void PgJsonClause(List<SqlNode> arguments, StringBuilder syntax) :
{
    SqlNode e;
    PgType type;
    List<PgOrderItem> orderBy;
}
{
    { syntax.append(' ').append(getToken(1).image); }
    (
        <RETURNING> type = PgTypeName() { arguments.add(type); } [ LOOKAHEAD({ getToken(1).kind == FORMAT }) PgJsonFormat() ]
    |
        PgJsonFormat()
    |
        <PASSING> PgJsonPassed(arguments)
        ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> PgJsonPassed(arguments) )*
    |
        <DEFAULT_> e = PgExpr() { arguments.add(e); } <ON> ( <EMPTY> | <ERROR> )
    |
        ( <WITH> | <WITHOUT> )
        (
            <UNIQUE> [ <KEYS> ]
        |   [ <CONDITIONAL> | <UNCONDITIONAL> ] [ <ARRAY> ] <WRAPPER>
        )
    |
        ( <NULL> | <ABSENT> | <ERROR> | <TRUE> | <FALSE> | <UNKNOWN> | <EMPTY> [ <ARRAY> | <OBJECT> ] )
        <ON> ( <NULL> | <EMPTY> | <ERROR> )
    |
        ( <KEEP> | <OMIT> ) <QUOTES> [ <ON> <SCALAR> <STRING> ]
    |
        orderBy = PgOrderBy() { arguments.addAll(orderBy); }
    )
}

void PgJsonPassed(List<SqlNode> arguments) :
{
    SqlNode e;
}
{
    e = PgExpr() { arguments.add(e); } [ LOOKAHEAD({ getToken(1).kind == FORMAT }) PgJsonFormat() ] <AS> PgLabel()
}
