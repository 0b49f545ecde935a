package io.ostraka.proxy.server;

import io.ostraka.rules.config.ConfigException;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.SQLException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/**
 * How a command's failure is told: what the user can do something about in its own words, a mistake of ours with its
 * stack trace.
 */
final class Complaint implements IExecutionExceptionHandler {

    @Override
    public int handleExecutionException(Exception exception, CommandLine commandLine, ParseResult parsed) {
        PrintWriter err = commandLine.getErr();
        if (exception instanceof PgErrorException refusal) {
            err.print(worded(refusal.error()));
        } else if (exception instanceof ConfigException wrong) {
            wrong.problems().forEach(err::println);
        } else if (exception instanceof IOException || exception instanceof SQLException) {
            err.println("ostraka: " + exception.getMessage());
        } else {
            exception.printStackTrace(err);
        }
        err.flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** As psql shows an error. */
    static String worded(PgError error) {
        StringBuilder text = new StringBuilder("ERROR:  " + error.state().code() + ": " + error.message() + "\n");
        if (!error.detail().isEmpty()) {
            text.append("DETAIL:  ").append(error.detail()).append('\n');
        }
        if (!error.hint().isEmpty()) {
            text.append("HINT:  ").append(error.hint()).append('\n');
        }
        return text.toString();
    }
}
