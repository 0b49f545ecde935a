/**
 * PostgreSQL's SQL: what a text's tokens, statements and trees are. Knows no shards. Pure, thread-safe.
 *
 * <p>Three ways in, each further than the one before:
 *
 * <ol>
 *   <li>{@link io.ostraka.rules.sql.StatementTemplate#of} splits a query string, lifts literals and gives each statement
 *       its cache key. {@link io.ostraka.rules.sql.Lexer} is underneath; {@link io.ostraka.rules.sql.TokenText} tells what
 *       a literal's text stands for.
 *   <li>{@link io.ostraka.rules.sql.Classifier#classify} says what a statement is, and {@link
 *       io.ostraka.rules.sql.StatementNames} every name it could hold, without a grammar.
 *   <li>{@link io.ostraka.rules.sql.PgParser#parse} makes the tree of a query, INSERT, UPDATE, DELETE or MERGE.
 * </ol>
 *
 * <h2>The tree</h2>
 *
 * Nodes are Calcite's {@code SqlNode}s. {@link io.ostraka.rules.sql.SourceSpan#of} gives a node's chars in the text;
 * parentheses around an expression or query do not belong to it. A node that is a literal lifted by the template is found
 * by {@code template.literalAt(span.start())}: its value in the tree is the first statement's, and must not be used.
 * All parts of a node are among its operands, so a visitor that stops at nothing misses nothing.
 *
 * <table>
 *   <caption>Statements and tables</caption>
 *   <tr><td>any query or subquery</td><td>{@link io.ostraka.rules.sql.PgQuery}: WITH, body, ORDER BY, LIMIT, OFFSET, locking;
 *     the body is one of the next three, or a PgQuery in parentheses</td></tr>
 *   <tr><td>SELECT, TABLE</td><td>{@link io.ostraka.rules.sql.PgSelect}, {@link io.ostraka.rules.sql.PgSelectItem}</td></tr>
 *   <tr><td>VALUES</td><td>{@link io.ostraka.rules.sql.PgValues}: a {@code SqlNodeList} for each row</td></tr>
 *   <tr><td>UNION, INTERSECT, EXCEPT</td><td>{@link io.ostraka.rules.sql.PgSetOperation}, flat for a chain of one kind</td></tr>
 *   <tr><td>WITH</td><td>{@link io.ostraka.rules.sql.PgWith}, {@link io.ostraka.rules.sql.PgCte}: the statement of a CTE may be
 *     one that writes</td></tr>
 *   <tr><td>INSERT, UPDATE, DELETE, MERGE</td><td>{@link io.ostraka.rules.sql.PgInsert}, {@link
 *     io.ostraka.rules.sql.PgUpdate}, {@link io.ostraka.rules.sql.PgDelete}, {@link io.ostraka.rules.sql.PgMerge}, with {@link
 *     io.ostraka.rules.sql.PgTarget}, {@link io.ostraka.rules.sql.PgAssignment}, {@link io.ostraka.rules.sql.PgOnConflict},
 *     {@link io.ostraka.rules.sql.PgReturning}</td></tr>
 *   <tr><td>in FROM and USING</td><td>{@link io.ostraka.rules.sql.PgTable} (a table, view or CTE), {@link
 *     io.ostraka.rules.sql.PgJoin}, {@link io.ostraka.rules.sql.PgSubqueryTable}, {@link
 *     io.ostraka.rules.sql.PgFunctionTable}</td></tr>
 * </table>
 *
 * <table>
 *   <caption>Expressions</caption>
 *   <tr><td>column, {@code t.*}, {@code *}</td><td>{@code SqlIdentifier}, names already folded; a star is an empty last
 *     part ({@code isStar()})</td></tr>
 *   <tr><td>{@code $n}</td><td>{@code SqlDynamicParam}, whose index is n - 1</td></tr>
 *   <tr><td>numbers, strings, TRUE, FALSE, NULL</td><td>{@code SqlLiteral}; a sign is an operator of its own</td></tr>
 *   <tr><td>DEFAULT</td><td>a call of kind DEFAULT</td></tr>
 *   <tr><td>{@code AND}, {@code OR}</td><td>calls with two or more operands, flat; NOT with one</td></tr>
 *   <tr><td>{@code = <> < > <= >= + - * / %}, IS tests, BETWEEN, LIKE, ILIKE, SIMILAR TO, EXISTS</td><td>{@code
 *     SqlBasicCall}s of Calcite's standard operators; ESCAPE is a third operand</td></tr>
 *   <tr><td>{@code a IN (1, 2)}, {@code a IN (SELECT ...)}</td><td>kind IN or NOT_IN; the second operand is a {@code
 *     SqlNodeList} or a PgQuery</td></tr>
 *   <tr><td>{@code a = ANY (...)}</td><td>{@link io.ostraka.rules.sql.PgQuantified}</td></tr>
 *   <tr><td>any other operator</td><td>{@link io.ostraka.rules.sql.PgOperatorCall}</td></tr>
 *   <tr><td>{@code (a, b)}, {@code ROW(a)}</td><td>kind ROW</td></tr>
 *   <tr><td>{@code a::t}, CAST</td><td>kind CAST, of the expression and a {@link io.ostraka.rules.sql.PgType}</td></tr>
 *   <tr><td>{@code date '...'}, {@code B'1'}</td><td>{@link io.ostraka.rules.sql.PgTypedLiteral}</td></tr>
 *   <tr><td>functions, EXTRACT, COALESCE, CURRENT_DATE</td><td>{@link io.ostraka.rules.sql.PgFunctionCall}</td></tr>
 *   <tr><td>a subquery as a value</td><td>{@link io.ostraka.rules.sql.PgScalarQuery}, {@link
 *     io.ostraka.rules.sql.PgArrayQuery}; below EXISTS the PgQuery itself</td></tr>
 *   <tr><td>the rest</td><td>{@link io.ostraka.rules.sql.PgCase}, {@link io.ostraka.rules.sql.PgArray}, {@link
 *     io.ostraka.rules.sql.PgSubscript}, {@link io.ostraka.rules.sql.PgField}, {@link io.ostraka.rules.sql.PgCollate},
 *     {@link io.ostraka.rules.sql.PgAtTimeZone}, {@link io.ostraka.rules.sql.PgIs}, {@link
 *     io.ostraka.rules.sql.PgCurrentOf}</td></tr>
 * </table>
 *
 * <h2>The grammar</h2>
 *
 * Productions of our own in {@code src/main/codegen/includes}, put into Calcite's parser template by the build. They
 * follow PostgreSQL's {@code gram.y}, decide by one token or a look at a few, and never go back. What they do not know
 * they reject ({@link io.ostraka.rules.sql.SqlParseFailure}): to misread is worse. {@code docs/sql.md} counts what they
 * read. {@link io.ostraka.rules.sql.PgTokenSource} feeds them the lexer's tokens.
 */
package io.ostraka.rules.sql;
