<#-- Names and types. Source: PostgreSQL's gram.y, from ColId and Typename on. -->

JAVACODE
SqlParserPos PgPos(Token first) {
    return PgTree.pos(first, getToken(0));
}

JAVACODE
void PgEnter(int levels) {
    ((PgTokenSource) token_source).enter(getToken(1), levels);
}

JAVACODE
void PgLeave(int levels) {
    ((PgTokenSource) token_source).leave(levels);
}

/** To be thrown where no production can tell that the next token is out of place. */
JAVACODE
ParseException PgUnexpected() {
    return new ParseException();
}

JAVACODE
SqlIdentifier PgColId() {
    if (!PgTokenSource.isColumnName(getToken(1))) {
        throw PgUnexpected();
    }
    return PgTree.identifier(getNextToken());
}

JAVACODE
SqlIdentifier PgFunctionWord() {
    if (!PgTokenSource.isFunctionName(getToken(1))) {
        throw PgUnexpected();
    }
    return PgTree.identifier(getNextToken());
}

JAVACODE
SqlIdentifier PgLabel() {
    if (!PgTokenSource.isLabel(getToken(1))) {
        throw PgUnexpected();
    }
    return PgTree.identifier(getNextToken());
}

/** ColId with labels behind dots: the name of a table, a collation. */
SqlIdentifier PgQualifiedName() :
{
    SqlIdentifier name;
    SqlIdentifier part;
}
{
    name = PgColId()
    (
        LOOKAHEAD({ getToken(1).kind == DOT })
        <DOT> part = PgLabel() { name = PgTree.append(name, part); }
    )*
    { return name; }
}

List<SqlIdentifier> PgNamesInParens() :
{
    List<SqlIdentifier> names = new ArrayList<SqlIdentifier>();
    SqlIdentifier name;
}
{
    <LPAREN> name = PgColId() { names.add(name); }
    ( <COMMA> name = PgColId() { names.add(name); } )*
    <RPAREN>
    { return names; }
}

/** A constant integer, as in type modifiers. */
SqlNode PgInteger() :
{}
{
    <UNSIGNED_INTEGER_LITERAL> { return PgTree.number(getToken(0)); }
}

PgType PgTypeName() :
{
    Token first;
    boolean setof = false;
    PgType type;
    int dimensions = 0;
}
{
    { first = getToken(1); }
    [ LOOKAHEAD({ getToken(1).kind == SETOF }) <SETOF> { setof = true; } ]
    type = PgSimpleType()
    (
        LOOKAHEAD({ getToken(1).kind == ARRAY }) <ARRAY> { dimensions = 1; }
        [ LOOKAHEAD({ getToken(1).kind == LBRACKET }) <LBRACKET> PgInteger() <RBRACKET> ]
    |
        (
            LOOKAHEAD({ getToken(1).kind == LBRACKET })
            <LBRACKET> [ PgInteger() ] <RBRACKET> { dimensions++; }
        )*
    )
    { return new PgType(PgPos(first), type.name(), type.modifiers(), dimensions, setof); }
}

PgType PgSimpleType() :
{
    Token first;
    SqlIdentifier name;
    SqlIdentifier part;
    List<SqlNode> modifiers = Collections.<SqlNode>emptyList();
    PgType type;
}
{
    { first = getToken(1); }
    (
        LOOKAHEAD({ PgTree.startsStandardType(getToken(1)) }) type = PgStandardType() { return type; }
    |
        name = PgFunctionWord()
        (
            LOOKAHEAD({ getToken(1).kind == DOT })
            <DOT> part = PgLabel() { name = PgTree.append(name, part); }
        )*
        [ LOOKAHEAD({ getToken(1).kind == LPAREN }) modifiers = PgExprsInParens() ]
        { return new PgType(PgPos(first), name, modifiers, 0, false); }
    )
}

/** The types whose names are keywords; PostgreSQL's own name for each is what the node holds. */
PgType PgStandardType() :
{
    Token first;
    String name;
    List<SqlNode> modifiers = Collections.<SqlNode>emptyList();
    SqlNode length;
    boolean varying = false;
    boolean zone = false;
}
{
    { first = getToken(1); }
    (
        ( <INT> | <INTEGER> ) { name = "int4"; }
    |   <SMALLINT> { name = "int2"; }
    |   <BIGINT> { name = "int8"; }
    |   <REAL> { name = "float4"; }
    |   <BOOLEAN> { name = "bool"; }
    |   <DOUBLE> <PRECISION> { name = "float8"; }
    |   <FLOAT> { name = "float8"; }
        [
            LOOKAHEAD({ getToken(1).kind == LPAREN })
            <LPAREN> length = PgInteger() <RPAREN> { name = PgTree.floatName(length); }
        ]
    |   ( <DECIMAL> | <DEC> | <NUMERIC> ) { name = "numeric"; }
        [ LOOKAHEAD({ getToken(1).kind == LPAREN }) modifiers = PgExprsInParens() ]
    |   <JSON> { name = "json"; }
    |   <BIT> { name = "bit"; }
        [ LOOKAHEAD({ getToken(1).kind == VARYING }) <VARYING> { name = "varbit"; } ]
        [ LOOKAHEAD({ getToken(1).kind == LPAREN }) modifiers = PgExprsInParens() ]
    |
        (
            ( <CHARACTER> | <CHAR> | <NATIONAL> ( <CHARACTER> | <CHAR> ) | <NCHAR> ) { name = "bpchar"; }
            [ LOOKAHEAD({ getToken(1).kind == VARYING }) <VARYING> { name = "varchar"; } ]
        |   <VARCHAR> { name = "varchar"; }
        )
        [
            LOOKAHEAD({ getToken(1).kind == LPAREN })
            <LPAREN> length = PgInteger() <RPAREN> { modifiers = Collections.<SqlNode>singletonList(length); }
        ]
    |
        ( <TIMESTAMP> { name = "timestamp"; } | <TIME> { name = "time"; } )
        [
            LOOKAHEAD({ getToken(1).kind == LPAREN })
            <LPAREN> length = PgInteger() <RPAREN> { modifiers = Collections.<SqlNode>singletonList(length); }
        ]
        [
            LOOKAHEAD({ (getToken(1).kind == WITH || getToken(1).kind == WITHOUT) && getToken(2).kind == TIME })
            ( <WITH> { name = name + "tz"; } | <WITHOUT> ) <TIME> <ZONE>
        ]
    |
        <INTERVAL> { name = "interval"; }
        (
            LOOKAHEAD({ getToken(1).kind == LPAREN })
            <LPAREN> length = PgInteger() <RPAREN> { modifiers = Collections.<SqlNode>singletonList(length); }
        |
            [ LOOKAHEAD({ PgTree.isIntervalField(getToken(1)) }) modifiers = PgIntervalFields() ]
        )
    )
    { return new PgType(PgPos(first), PgTree.catalogName(name, PgPos(first)), modifiers, 0, false); }
}

/** YEAR TO MONTH and the like: modifiers of interval, words as identifiers, a precision as a number. */
List<SqlNode> PgIntervalFields() :
{
    List<SqlNode> fields = new ArrayList<SqlNode>();
    SqlNode precision;
}
{
    ( <YEAR> | <MONTH> | <DAY> | <HOUR> | <MINUTE> | <SECOND> ) { fields.add(PgTree.identifier(getToken(0))); }
    [
        LOOKAHEAD({ getToken(1).kind == TO })
        <TO> ( <MONTH> | <HOUR> | <MINUTE> | <SECOND> ) { fields.add(PgTree.identifier(getToken(0))); }
    ]
    [
        LOOKAHEAD({ getToken(0).kind == SECOND && getToken(1).kind == LPAREN })
        <LPAREN> precision = PgInteger() <RPAREN> { fields.add(precision); }
    ]
    { return fields; }
}
