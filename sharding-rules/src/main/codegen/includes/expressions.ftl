<#-- Expressions: PostgreSQL's a_expr, b_expr and c_expr, by precedence climbing. Source: gram.y and the manual's
     "Operator Precedence". Decisions are semantic or by one token, so that reading is linear in the text. -->

SqlNode PgExpr() :
{
    SqlNode e;
}
{
    e = PgExprAbove(0, false) { return e; }
}

/**
 * An expression whose operators all have at least this precedence. A restricted one (b_expr) has no AND, OR, NOT, IN,
 * BETWEEN, LIKE, and of the IS tests only IS DISTINCT FROM, for where these words mean something else.
 */
SqlNode PgExprAbove(int least, boolean restricted) :
{
    Token first;
    SqlNode e;
}
{
    { first = getToken(1); PgEnter(1); }
    e = PgPrefix(restricted)
    e = PgInfix(e, first, least, restricted)
    { PgLeave(1); return e; }
}

SqlNode PgInfix(SqlNode left, Token first, int least, boolean restricted) :
{
    SqlNode e = left;
    int level = 0;
    int last = -1;
    int height = 0;
}
{
    (
        LOOKAHEAD({ PgPrecedence.of(getToken(1), getToken(2), restricted) >= Math.max(least, 1) })
        {
            level = PgPrecedence.of(getToken(1), getToken(2), restricted);
            if (level == last) {
                throw PgUnexpected();
            }
            PgEnter(2);
            height += 2;
        }
        e = PgInfixTail(e, first, level, restricted)
        { last = PgPrecedence.refusesAnother(level, e) ? level : -1; }
    )*
    { PgLeave(height); return e; }
}

/** The operator at hand with all that follows it, applied to what stands before it. */
SqlNode PgInfixTail(SqlNode left, Token first, int level, boolean restricted) :
{
    List<SqlNode> operands = new ArrayList<SqlNode>();
    SqlNode right = null;
    SqlNode third = null;
    Token op;
    boolean not = false;
    boolean flag = false;
    String[] name;
    SqlIdentifier collation;
    PgType type;
}
{
    { operands.add(left); }
    (
        LOOKAHEAD({ getToken(1).kind == OR })
        (
            LOOKAHEAD({ getToken(1).kind == OR })
            <OR> right = PgExprAbove(PgPrecedence.OR + 1, false) { operands.add(right); }
        )+
        { return PgTree.call(SqlStdOperatorTable.OR, PgPos(first), operands); }
    |
        LOOKAHEAD({ getToken(1).kind == AND })
        (
            LOOKAHEAD({ getToken(1).kind == AND })
            <AND> right = PgExprAbove(PgPrecedence.AND + 1, false) { operands.add(right); }
        )+
        { return PgTree.call(SqlStdOperatorTable.AND, PgPos(first), operands); }
    |
        <IS> [ <NOT> { not = true; } ]
        (
            <NULL> { return PgTree.call(not ? SqlStdOperatorTable.IS_NOT_NULL : SqlStdOperatorTable.IS_NULL, PgPos(first), operands); }
        |   <TRUE> { return PgTree.call(not ? SqlStdOperatorTable.IS_NOT_TRUE : SqlStdOperatorTable.IS_TRUE, PgPos(first), operands); }
        |   <FALSE> { return PgTree.call(not ? SqlStdOperatorTable.IS_NOT_FALSE : SqlStdOperatorTable.IS_FALSE, PgPos(first), operands); }
        |   <UNKNOWN> { return PgTree.call(not ? SqlStdOperatorTable.IS_NOT_UNKNOWN : SqlStdOperatorTable.IS_UNKNOWN, PgPos(first), operands); }
        |   <DISTINCT> <FROM> right = PgExprAbove(PgPrecedence.IS + 1, restricted)
            {
                operands.add(right);
                return PgTree.call(
                    not ? SqlStdOperatorTable.IS_NOT_DISTINCT_FROM : SqlStdOperatorTable.IS_DISTINCT_FROM, PgPos(first), operands);
            }
        |   <DOCUMENT> { return new PgIs(PgPos(first), left, not, "document"); }
        |   { op = getToken(1); }
            [ <NFC> | <NFD> | <NFKC> | <NFKD> ] <NORMALIZED>
            { return new PgIs(PgPos(first), left, not, op == getToken(0) ? "normalized" : op.image + " normalized"); }
        |   <JSON> { op = null; }
            [
                LOOKAHEAD({ PgTree.isJsonKind(getToken(1)) })
                ( <VALUE> | <ARRAY> | <OBJECT> | <SCALAR> ) { op = getToken(0); }
            ]
            [
                LOOKAHEAD({ (getToken(1).kind == WITH || getToken(1).kind == WITHOUT) && getToken(2).kind == UNIQUE })
                ( <WITH> { flag = true; } | <WITHOUT> ) <UNIQUE> [ LOOKAHEAD({ getToken(1).kind == KEYS }) <KEYS> ]
            ]
            { return new PgIs(PgPos(first), left, not, "json" + (op == null ? "" : " " + op.image) + (flag ? " with unique keys" : "")); }
        )
    |
        <ISNULL> { return PgTree.call(SqlStdOperatorTable.IS_NULL, PgPos(first), operands); }
    |
        <NOTNULL> { return PgTree.call(SqlStdOperatorTable.IS_NOT_NULL, PgPos(first), operands); }
    |
        [ <NOT> { not = true; } ]
        (
            <BETWEEN> [ <SYMMETRIC> { flag = true; } | <ASYMMETRIC> ]
            right = PgExprAbove(0, true) <AND> third = PgExprAbove(PgPrecedence.LIKE + 1, false)
            {
                operands.add(right);
                operands.add(third);
                return PgTree.call(PgTree.between(not, flag), PgPos(first), operands);
            }
        |   <IN> right = PgParens()
            {
                operands.add(right);
                return PgTree.call(not ? SqlStdOperatorTable.NOT_IN : SqlStdOperatorTable.IN, PgPos(first), operands);
            }
        |   ( <LIKE> { op = getToken(0); } | <ILIKE> { op = getToken(0); } )
            (
                LOOKAHEAD({ PgTree.startsQuantifier(getToken(1)) })
                right = PgQuantifier(left, first, not ? "not " + op.image : op.image) { return right; }
            |
                right = PgExprAbove(PgPrecedence.LIKE + 1, false) { operands.add(right); }
                [ LOOKAHEAD({ getToken(1).kind == ESCAPE }) third = PgEscape() { operands.add(third); } ]
                { return PgTree.call(PgTree.like(op.kind == ILIKE, not), PgPos(first), operands); }
            )
        |   <SIMILAR> <TO> right = PgExprAbove(PgPrecedence.LIKE + 1, false) { operands.add(right); }
            [ LOOKAHEAD({ getToken(1).kind == ESCAPE }) third = PgEscape() { operands.add(third); } ]
            { return PgTree.call(not ? SqlStdOperatorTable.NOT_SIMILAR_TO : SqlStdOperatorTable.SIMILAR_TO, PgPos(first), operands); }
        )
    |
        name = PgBinaryOperator()
        (
            LOOKAHEAD({ PgTree.startsQuantifier(getToken(1)) })
            right = PgQuantifier(left, first, name[0].isEmpty() ? name[1] : name[0] + "." + name[1]) { return right; }
        |
            right = PgExprAbove(level + 1, restricted)
            { return PgTree.binary(PgPos(first), name[0], name[1], left, right); }
        )
    |
        <AT>
        (
            <LOCAL> { return new PgAtTimeZone(PgPos(first), left, PgTree.none()); }
        |   <TIME> <ZONE> right = PgExprAbove(PgPrecedence.AT + 1, false)
            { return new PgAtTimeZone(PgPos(first), left, PgTree.some(right)); }
        )
    |
        <COLLATE> collation = PgQualifiedName() { return new PgCollate(PgPos(first), left, collation); }
    |
        <PG_TYPECAST> type = PgTypeName()
        { operands.add(type); return PgTree.call(SqlStdOperatorTable.CAST, PgPos(first), operands); }
    )
}

SqlNode PgEscape() :
{
    SqlNode e;
}
{
    <ESCAPE> e = PgExprAbove(PgPrecedence.LIKE + 1, false) { return e; }
}

/** Schema, mostly empty, and symbol of an operator. */
String[] PgBinaryOperator() :
{
    String[] name;
}
{
    (
        <EQ> | <NE> | <LT> | <GT> | <LE> | <GE> | <PLUS> | <MINUS> | <STAR> | <SLASH> | <PERCENT_REMAINDER> | <CARET>
    |   <PG_OPERATOR>
    )
    { return new String[] {"", getToken(0).image}; }
|
    name = PgQualifiedOperator() { return name; }
}

String[] PgQualifiedOperator() :
{
    StringBuilder schema = new StringBuilder();
    SqlIdentifier part;
    String symbol;
}
{
    <OPERATOR> <LPAREN>
    (
        LOOKAHEAD({ getToken(2).kind == DOT })
        part = PgColId() <DOT> { schema.append(schema.length() == 0 ? "" : ".").append(part.getSimple()); }
    )*
    (
        <EQ> | <NE> | <LT> | <GT> | <LE> | <GE> | <PLUS> | <MINUS> | <STAR> | <SLASH> | <PERCENT_REMAINDER> | <CARET>
    |   <PG_OPERATOR>
    )
    { symbol = getToken(0).image; }
    <RPAREN>
    { return new String[] {schema.toString(), symbol}; }
}

SqlNode PgQuantifier(SqlNode left, Token first, String operator) :
{
    boolean all = false;
    SqlNode right;
}
{
    ( <ANY> | <SOME> | <ALL> { all = true; } )
    right = PgParens()
    {
        if (right instanceof SqlNodeList) {
            if (((SqlNodeList) right).size() != 1) {
                throw PgUnexpected();
            }
            right = ((SqlNodeList) right).get(0);
        }
        return new PgQuantified(PgPos(first), left, operator, all, right);
    }
}

SqlNode PgPrefix(boolean restricted) :
{
    Token first;
    SqlNode e;
    String[] name;
}
{
    { first = getToken(1); }
    (
        LOOKAHEAD({ getToken(1).kind == NOT && !restricted })
        <NOT> e = PgExprAbove(PgPrecedence.NOT, false) { return PgTree.call(SqlStdOperatorTable.NOT, PgPos(first), e); }
    |
        <PLUS> e = PgExprAbove(PgPrecedence.SIGN + 1, restricted)
        { return PgTree.call(SqlStdOperatorTable.UNARY_PLUS, PgPos(first), e); }
    |
        <MINUS> e = PgExprAbove(PgPrecedence.SIGN + 1, restricted)
        { return PgTree.call(SqlStdOperatorTable.UNARY_MINUS, PgPos(first), e); }
    |
        <PG_OPERATOR> { name = new String[] {"", getToken(0).image}; }
        e = PgExprAbove(PgPrecedence.OPERATOR + 1, restricted) { return PgTree.prefix(PgPos(first), name[0], name[1], e); }
    |
        LOOKAHEAD({ getToken(1).kind == OPERATOR && getToken(2).kind == LPAREN && PgTree.isOperatorReference(getToken(3), getToken(4)) })
        name = PgQualifiedOperator()
        e = PgExprAbove(PgPrecedence.OPERATOR + 1, restricted) { return PgTree.prefix(PgPos(first), name[0], name[1], e); }
    |
        LOOKAHEAD({ getToken(1).kind == DEFAULT_ && !restricted })
        <DEFAULT_> { return SqlStdOperatorTable.DEFAULT.createCall(PgPos(first)); }
    |
        e = PgPrimary() { return e; }
    )
}

/** c_expr. */
SqlNode PgPrimary() :
{
    Token first;
    SqlNode e;
    PgQuery query;
}
{
    { first = getToken(1); }
    (
        <UNSIGNED_INTEGER_LITERAL> { return PgTree.number(getToken(0)); }
    |   <DECIMAL_NUMERIC_LITERAL> { return PgTree.number(getToken(0)); }
    |   <QUOTED_STRING> { return PgTree.string(getToken(0)); }
    |   <PG_BIT_STRING> { return PgTree.bits(getToken(0)); }
    |   <PG_NATIONAL_STRING> { return PgTree.national(getToken(0)); }
    |   <TRUE> { return SqlLiteral.createBoolean(true, PgPos(first)); }
    |   <FALSE> { return SqlLiteral.createBoolean(false, PgPos(first)); }
    |   <NULL> { return SqlLiteral.createNull(PgPos(first)); }
    |   <PG_PARAMETER> { e = PgTree.parameter(getToken(0)); } e = PgIndirection(e, first) { return e; }
    |   e = PgParens() e = PgParenthesized(e, first) { return e; }
    |   e = PgCaseExpression() { return e; }
    |   <ARRAY>
        (
            e = PgArrayElements(first) { return e; }
        |   query = PgSubquery() { return new PgArrayQuery(PgPos(first), query); }
        )
    |
        LOOKAHEAD({ getToken(1).kind == EXISTS && getToken(2).kind == LPAREN })
        <EXISTS> query = PgSubquery() { return PgTree.call(SqlStdOperatorTable.EXISTS, PgPos(first), query); }
    |
        LOOKAHEAD({ getToken(1).kind == ROW && getToken(2).kind == LPAREN })
        e = PgRow() e = PgOverlaps(e, first) { return e; }
    |
        LOOKAHEAD({ PgTree.startsJsonOrXml(getToken(1), getToken(2)) })
        e = PgJsonOrXmlFunction() { return e; }
    |
        LOOKAHEAD({ PgTree.startsSpecialFunction(getToken(1), getToken(2)) })
        e = PgSpecialFunction() { return e; }
    |
        LOOKAHEAD({ PgTree.startsTypedLiteral(getToken(1), getToken(2), getToken(3)) })
        e = PgStandardTypedLiteral() { return e; }
    |
        e = PgNamed() { return e; }
    )
}

/**
 * What stands in parentheses: a {@link PgQuery}, or else a list of expressions. Reads each opening parenthesis once: only
 * when what it holds has been read it is known whether {@code ((SELECT 1) ...} began a query or an expression.
 */
SqlNode PgParens() :
{
    Token first;
    Token inner;
    SqlNode e;
    List<SqlNode> expressions = new ArrayList<SqlNode>();
}
{
    { first = getToken(1); PgEnter(1); }
    <LPAREN>
    { inner = getToken(1); }
    (
        LOOKAHEAD({ PgTree.startsQuery(getToken(1), getToken(2)) })
        e = PgQueryExpression(PgTree.noWith()) <RPAREN> { PgLeave(1); return e; }
    |
        LOOKAHEAD({ getToken(1).kind == LPAREN })
        e = PgParens()
        (
            LOOKAHEAD({ e instanceof PgQuery && PgTree.continuesQuery(getToken(1)) })
            e = PgQueryRest(PgTree.noWith(), e, inner, inner) <RPAREN> { PgLeave(1); return e; }
        |
            LOOKAHEAD({ e instanceof PgQuery && getToken(1).kind == RPAREN })
            <RPAREN> { PgLeave(1); return e; }
        |
            e = PgParenthesized(e, inner)
            e = PgInfix(e, inner, 0, false) { expressions.add(e); }
        )
    |
        e = PgExpr() { expressions.add(e); }
    )
    ( <COMMA> e = PgExpr() { expressions.add(e); } )*
    <RPAREN>
    { PgLeave(1); return new SqlNodeList(expressions, PgPos(first)); }
}

/** A primary from what PgParens read: a scalar subquery, an expression, a row; with its subscripts and fields. */
SqlNode PgParenthesized(SqlNode inner, Token first) :
{
    SqlNode e;
}
{
    {
        if (inner instanceof PgQuery) {
            e = new PgScalarQuery(PgPos(first), (PgQuery) inner);
        } else if (((SqlNodeList) inner).size() == 1) {
            e = ((SqlNodeList) inner).get(0);
        } else {
            e = PgTree.call(SqlStdOperatorTable.ROW, PgPos(first), ((SqlNodeList) inner).getList());
        }
    }
    (
        LOOKAHEAD({ inner instanceof SqlNodeList && ((SqlNodeList) inner).size() > 1 }) e = PgOverlaps(e, first)
    |   e = PgIndirection(e, first)
    )
    { return e; }
}

SqlNode PgRow() :
{
    Token first;
    List<SqlNode> elements = new ArrayList<SqlNode>();
    SqlNode e;
}
{
    { first = getToken(1); }
    <ROW> <LPAREN>
    [ LOOKAHEAD({ getToken(1).kind != RPAREN }) elements = PgExprs() ]
    <RPAREN>
    { return PgTree.call(SqlStdOperatorTable.ROW, PgPos(first), elements); }
}

/** {@code row OVERLAPS row}, when there is one. */
SqlNode PgOverlaps(SqlNode row, Token first) :
{
    SqlNode right;
}
{
    [
        LOOKAHEAD({ getToken(1).kind == OVERLAPS })
        <OVERLAPS>
        (
            LOOKAHEAD({ getToken(1).kind == ROW }) right = PgRow()
        |   right = PgParens()
            {
                if (!(right instanceof SqlNodeList) || ((SqlNodeList) right).size() < 2) {
                    throw PgUnexpected();
                }
                right = PgTree.call(SqlStdOperatorTable.ROW, right.getParserPosition(), ((SqlNodeList) right).getList());
            }
        )
        { return PgTree.binary(PgPos(first), "", "overlaps", row, right); }
    ]
    { return row; }
}

List<SqlNode> PgExprs() :
{
    List<SqlNode> expressions = new ArrayList<SqlNode>();
    SqlNode e;
}
{
    e = PgExpr() { expressions.add(e); }
    ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> e = PgExpr() { expressions.add(e); } )*
    { return expressions; }
}

List<SqlNode> PgExprsInParens() :
{
    List<SqlNode> expressions;
}
{
    <LPAREN> expressions = PgExprs() <RPAREN> { return expressions; }
}

PgQuery PgSubquery() :
{
    SqlNode e;
}
{
    e = PgParens()
    {
        if (!(e instanceof PgQuery)) {
            throw PgUnexpected();
        }
        return (PgQuery) e;
    }
}

SqlNode PgArrayElements(Token first) :
{
    List<SqlNode> elements = new ArrayList<SqlNode>();
    SqlNode e;
    Token inner;
}
{
    { PgEnter(1); }
    <LBRACKET>
    (
        LOOKAHEAD({ getToken(1).kind == RBRACKET }) { }
    |
        LOOKAHEAD({ getToken(1).kind == LBRACKET })
        { inner = getToken(1); } e = PgArrayElements(inner) { elements.add(e); }
        ( <COMMA> { inner = getToken(1); } e = PgArrayElements(inner) { elements.add(e); } )*
    |
        elements = PgExprs()
    )
    <RBRACKET>
    { PgLeave(1); return new PgArray(PgPos(first), elements); }
}

/** Subscripts and fields behind a primary in parentheses or a parameter. */
SqlNode PgIndirection(SqlNode base, Token first) :
{
    SqlNode e = base;
    SqlIdentifier name;
    SqlNode lower = null;
    SqlNode upper = null;
    boolean slice;
    int height = 0;
}
{
    (
        LOOKAHEAD({ getToken(1).kind == DOT || getToken(1).kind == LBRACKET })
        { PgEnter(2); height += 2; }
        (
            <DOT>
            ( <STAR> { name = SqlIdentifier.star(PgPos(getToken(0))); } | name = PgLabel() )
            { e = new PgField(PgPos(first), e, name); }
        |
            <LBRACKET> { slice = false; lower = null; upper = null; }
            [ LOOKAHEAD({ getToken(1).kind != COLON }) lower = PgExpr() ]
            [
                <COLON> { slice = true; }
                [ LOOKAHEAD({ getToken(1).kind != RBRACKET }) upper = PgExpr() ]
            ]
            <RBRACKET>
            {
                if (!slice && lower == null) {
                    throw PgUnexpected();
                }
                e = new PgSubscript(PgPos(first), e, slice, PgTree.optional(lower), PgTree.optional(upper));
            }
        )
    )*
    { PgLeave(height); return e; }
}

SqlNode PgCaseExpression() :
{
    Token first;
    SqlNode operand = null;
    SqlNode otherwise = null;
    SqlNode e;
    List<SqlNode> whens = new ArrayList<SqlNode>();
    List<SqlNode> thens = new ArrayList<SqlNode>();
}
{
    { first = getToken(1); }
    <CASE>
    [ LOOKAHEAD({ getToken(1).kind != WHEN }) operand = PgExpr() ]
    (
        <WHEN> e = PgExpr() { whens.add(e); }
        <THEN> e = PgExpr() { thens.add(e); }
    )+
    [ <ELSE> otherwise = PgExpr() ]
    <END>
    { return new PgCase(PgPos(first), PgTree.optional(operand), whens, thens, PgTree.optional(otherwise)); }
}

/** A type with keywords of its own and a string: {@code timestamp '...'}, {@code interval '1' day}. */
SqlNode PgStandardTypedLiteral() :
{
    Token first;
    PgType type;
    SqlNode literal;
    List<SqlNode> fields;
}
{
    { first = getToken(1); }
    type = PgStandardType()
    <QUOTED_STRING> { literal = PgTree.string(getToken(0)); }
    [
        LOOKAHEAD({ first.kind == INTERVAL && type.modifiers().isEmpty() && PgTree.isIntervalField(getToken(1)) })
        fields = PgIntervalFields()
        { type = new PgType(type.getParserPosition(), type.name(), fields, 0, false); }
    ]
    { return new PgTypedLiteral(PgPos(first), type, literal); }
}

/** What starts with a name: a column, a function call, {@code type 'literal'}. */
SqlNode PgNamed() :
{
    Token first;
    SqlIdentifier name;
    SqlIdentifier part;
    SqlNode e;
}
{
    { first = getToken(1); }
    (
        LOOKAHEAD({ PgTokenSource.isFunctionName(getToken(1)) && !PgTokenSource.isColumnName(getToken(1)) })
        name = PgFunctionWord()
    |
        name = PgColId()
    )
    (
        LOOKAHEAD({ getToken(1).kind == DOT })
        <DOT>
        (
            <STAR> { return PgTree.star(name, getToken(0)); }
        |   part = PgLabel() { name = PgTree.append(name, part); }
        )
    )*
    (
        LOOKAHEAD({ getToken(1).kind == LPAREN && PgTree.mayBeFunction(first, name) })
        e = PgFunctionOrTypedLiteral(name, first) { return e; }
    |
        LOOKAHEAD({ getToken(1).kind == QUOTED_STRING && PgTree.mayBeFunction(first, name) })
        <QUOTED_STRING>
        { return PgTree.typed(PgPos(first), name, Collections.<SqlNode>emptyList(), getToken(0)); }
    |
        {
            if (!PgTokenSource.isColumnName(first)) {
                throw PgUnexpected();
            }
        }
        e = PgIndirection(name, first) { return e; }
    )
}

SqlNode PgFunctionOrTypedLiteral(SqlIdentifier name, Token first) :
{
    PgFunctionCall call;
    List<PgOrderItem> withinGroup = Collections.<PgOrderItem>emptyList();
    SqlNode filter = null;
    PgWindow over = null;
}
{
    call = PgFunctionApplication(name, first)
    (
        LOOKAHEAD({ getToken(1).kind == QUOTED_STRING && PgTree.mayBeModifiers(call) })
        <QUOTED_STRING> { return PgTree.typed(PgPos(first), name, call.arguments(), getToken(0)); }
    |
        [
            LOOKAHEAD({ getToken(1).kind == WITHIN && getToken(2).kind == GROUP })
            <WITHIN> <GROUP> <LPAREN> withinGroup = PgOrderBy() <RPAREN>
        ]
        [
            LOOKAHEAD({ getToken(1).kind == FILTER && getToken(2).kind == LPAREN })
            <FILTER> <LPAREN> <WHERE> filter = PgExpr() <RPAREN>
        ]
        [ LOOKAHEAD({ getToken(1).kind == OVER }) over = PgOver() ]
        { return PgTree.aggregate(PgPos(first), call, withinGroup, filter, over); }
    )
}

/** func_application: the name's arguments in parentheses. */
PgFunctionCall PgFunctionApplication(SqlIdentifier name, Token first) :
{
    List<SqlNode> arguments = new ArrayList<SqlNode>();
    List<PgOrderItem> orderBy = Collections.<PgOrderItem>emptyList();
    boolean star = false;
    boolean distinct = false;
    boolean variadic = false;
    SqlNode e;
}
{
    { PgEnter(1); }
    <LPAREN>
    (
        LOOKAHEAD({ getToken(1).kind == RPAREN }) { }
    |
        LOOKAHEAD({ getToken(1).kind == STAR && getToken(2).kind == RPAREN }) <STAR> { star = true; }
    |
        [ <ALL> | <DISTINCT> { distinct = true; } ]
        [ <VARIADIC> { variadic = true; } ]
        e = PgArgument() { arguments.add(e); }
        (
            LOOKAHEAD({ getToken(1).kind == COMMA })
            <COMMA>
            {
                if (variadic) {
                    throw PgUnexpected();
                }
            }
            [ <VARIADIC> { variadic = true; } ]
            e = PgArgument() { arguments.add(e); }
        )*
        [ LOOKAHEAD({ getToken(1).kind == ORDER }) orderBy = PgOrderBy() ]
    )
    <RPAREN>
    { PgLeave(1); return PgTree.function(PgPos(first), name, arguments, star, distinct, variadic, orderBy); }
}

SqlNode PgArgument() :
{
    Token first;
    SqlIdentifier name;
    SqlNode e;
}
{
    { first = getToken(1); }
    (
        LOOKAHEAD({ getToken(2).kind == NAMED_ARGUMENT_ASSIGNMENT || getToken(2).kind == PG_COLON_EQUALS })
        name = PgFunctionWord() ( <NAMED_ARGUMENT_ASSIGNMENT> | <PG_COLON_EQUALS> ) e = PgExpr()
        { return new PgNamedArgument(PgPos(first), name, e); }
    |
        e = PgExpr() { return e; }
    )
}

PgWindow PgOver() :
{
    Token first;
    SqlIdentifier name;
    PgWindow window;
}
{
    <OVER> { first = getToken(1); }
    (
        LOOKAHEAD({ getToken(1).kind == LPAREN }) window = PgWindowSpecification(null, first) { return window; }
    |   name = PgColId() { return PgTree.namedWindow(name); }
    )
}

PgWindow PgWindowSpecification(SqlIdentifier name, Token first) :
{
    SqlIdentifier base = null;
    List<SqlNode> partitionBy = Collections.<SqlNode>emptyList();
    List<PgOrderItem> orderBy = Collections.<PgOrderItem>emptyList();
    List<SqlNode> offsets = new ArrayList<SqlNode>();
    StringBuilder frame = new StringBuilder();
}
{
    <LPAREN>
    [ LOOKAHEAD({ PgTree.namesWindow(getToken(1)) }) base = PgColId() ]
    [ <PARTITION> <BY> partitionBy = PgExprs() ]
    [ orderBy = PgOrderBy() ]
    [
        ( <RANGE> | <ROWS> | <GROUPS> ) { frame.append(getToken(0).image); }
        (
            <BETWEEN> { frame.append(" between "); }
            PgFrameBound(frame, offsets) <AND> { frame.append(" and "); } PgFrameBound(frame, offsets)
        |   { frame.append(' '); } PgFrameBound(frame, offsets)
        )
        [
            <EXCLUDE>
            (
                <CURRENT> <ROW> { frame.append(" exclude current row"); }
            |   <GROUP> { frame.append(" exclude group"); }
            |   <TIES> { frame.append(" exclude ties"); }
            |   <NO> <OTHERS> { frame.append(" exclude no others"); }
            )
        ]
    ]
    <RPAREN>
    { return new PgWindow(PgPos(first), PgTree.optional(name), PgTree.optional(base), partitionBy, orderBy, offsets, frame.toString()); }
}

void PgFrameBound(StringBuilder frame, List<SqlNode> offsets) :
{
    SqlNode e;
}
{
    (
        LOOKAHEAD({ getToken(1).kind == UNBOUNDED && (getToken(2).kind == PRECEDING || getToken(2).kind == FOLLOWING) }) <UNBOUNDED> { frame.append("unbounded "); }
        ( <PRECEDING> | <FOLLOWING> ) { frame.append(getToken(0).image); }
    |
        LOOKAHEAD({ getToken(1).kind == CURRENT && getToken(2).kind == ROW }) <CURRENT> <ROW> { frame.append("current row"); }
    |
        e = PgExpr() { offsets.add(e); frame.append("? "); }
        ( <PRECEDING> | <FOLLOWING> ) { frame.append(getToken(0).image); }
    )
}

/** Functions with words instead of commas, or without parentheses (func_expr_common_subexpr). */
SqlNode PgSpecialFunction() :
{
    Token first;
    List<SqlNode> arguments = new ArrayList<SqlNode>();
    SqlNode e;
    String syntax = "";
    PgType type;
    PgFunctionCall call;
}
{
    { first = getToken(1); }
    (
        <CURRENT_DATE> | <CURRENT_ROLE> | <CURRENT_USER> | <SESSION_USER> | <SYSTEM_USER> | <USER> | <CURRENT_CATALOG>
    |
        <CURRENT_SCHEMA>
    |
        ( <CURRENT_TIME> | <CURRENT_TIMESTAMP> | <LOCALTIME> | <LOCALTIMESTAMP> )
        [ LOOKAHEAD({ getToken(1).kind == LPAREN }) <LPAREN> e = PgInteger() { arguments.add(e); } <RPAREN> ]
    |
        <CAST> <LPAREN> e = PgExpr() <AS> type = PgTypeName() <RPAREN>
        { arguments.add(e); arguments.add(type); return PgTree.call(SqlStdOperatorTable.CAST, PgPos(first), arguments); }
    |
        <TREAT> <LPAREN> e = PgExpr() { arguments.add(e); } <AS> type = PgTypeName() { arguments.add(type); } <RPAREN>
    |
        ( <COALESCE> | <GREATEST> | <LEAST> | <GROUPING> ) arguments = PgExprsInParens()
    |
        <NULLIF> <LPAREN> e = PgExpr() { arguments.add(e); } <COMMA> e = PgExpr() { arguments.add(e); } <RPAREN>
    |
        <EXTRACT> <LPAREN>
        (
            <QUOTED_STRING> { syntax = getToken(0).image; }
        |   LOOKAHEAD({ PgTokenSource.isLabel(getToken(1)) }) PgExtractField() { syntax = getToken(0).image; }
        )
        <FROM> e = PgExpr() { arguments.add(e); } <RPAREN>
    |
        <NORMALIZE> <LPAREN> e = PgExpr() { arguments.add(e); }
        [ <COMMA> ( <NFC> | <NFD> | <NFKC> | <NFKD> ) { syntax = getToken(0).image; } ] <RPAREN>
    |
        <POSITION> <LPAREN> e = PgExprAbove(0, true) { arguments.add(e); } <IN> e = PgExprAbove(0, true) { arguments.add(e); }
        <RPAREN>
    |
        <TRIM> <LPAREN>
        [ ( <BOTH> | <LEADING> | <TRAILING> ) { syntax = getToken(0).image; } ]
        (
            LOOKAHEAD({ getToken(1).kind == FROM }) <FROM> arguments = PgExprs() { syntax += " from"; }
        |
            arguments = PgExprs()
            [
                LOOKAHEAD({ getToken(1).kind == FROM && arguments.size() == 1 })
                <FROM> e = PgExpr() { arguments.add(e); syntax += " what from"; }
                ( LOOKAHEAD({ getToken(1).kind == COMMA }) <COMMA> e = PgExpr() { arguments.add(e); } )*
            ]
        )
        <RPAREN>
    |
        ( <SUBSTRING> | <OVERLAY> ) e = PgWordedArguments(first) { return e; }
    |
        <COLLATION> <FOR> <LPAREN> e = PgExpr() { arguments.add(e); } <RPAREN>
    |
        <MERGE_ACTION> <LPAREN> <RPAREN>
    )
    { return PgTree.special(PgPos(first), first, arguments, syntax.trim()); }
}

void PgExtractField() :
{}
{
    PgLabel()
}

/** {@code (a FROM b FOR c)}, {@code (a PLACING b FROM c)}, {@code (a SIMILAR b ESCAPE c)}, or plain arguments. */
SqlNode PgWordedArguments(Token first) :
{
    List<SqlNode> arguments = new ArrayList<SqlNode>();
    StringBuilder syntax = new StringBuilder();
    SqlNode e;
    PgFunctionCall call;
}
{
    <LPAREN>
    [
        LOOKAHEAD({ getToken(1).kind != RPAREN })
        e = PgArgument() { arguments.add(e); }
        (
            LOOKAHEAD({ getToken(1).kind == COMMA && syntax.length() == 0 })
            <COMMA> e = PgArgument() { arguments.add(e); }
        )*
        (
            LOOKAHEAD({ PgTree.isArgumentWord(getToken(1)) && (arguments.size() == 1 || syntax.length() > 0) })
            ( <FROM> | <FOR> | <PLACING> | <SIMILAR> | <ESCAPE> ) { syntax.append(' ').append(getToken(0).image); }
            e = PgExpr() { arguments.add(e); }
        )*
    ]
    <RPAREN>
    {
        if (!PgTree.isWordedSyntax(first, syntax.toString())) {
            throw PgUnexpected();
        }
        return PgTree.special(PgPos(first), first, arguments, syntax.toString().trim());
    }
}
