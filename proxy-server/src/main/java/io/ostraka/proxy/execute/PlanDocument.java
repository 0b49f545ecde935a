package io.ostraka.proxy.execute;

import java.util.ArrayList;
import java.util.List;

/**
 * A plan as a tree of named properties, and how EXPLAIN writes such in each of its formats but text. What a server has sent in a format is
 * put in as it is. Confined to one thread. Source: PostgreSQL's {@code explain_format.c}.
 */
final class PlanDocument {
    private static final int INDENT = 2;

    private record Property(String name, Value value) {}

    private sealed interface Value permits Text, Digits, Servers, Group, Elements {}

    private record Text(String text) implements Value {}

    private record Digits(String digits) implements Value {}

    /** A document of a server's, if there is one. */
    private record Servers(List<String> lines) implements Value {}

    private record Group(PlanDocument inside) implements Value {}

    /** Groups that have a name in XML only. */
    private record Elements(String each, List<PlanDocument> groups) implements Value {}

    private final List<Property> properties = new ArrayList<>();

    void text(String name, String value) {
        properties.add(new Property(name, new Text(value)));
    }

    void number(String name, String digits) {
        properties.add(new Property(name, new Digits(digits)));
    }

    void servers(String name, List<String> lines) {
        if (!lines.isEmpty()) {
            List<String> single = lines.stream().flatMap(String::lines).toList();
            properties.add(new Property(name, new Servers(single)));
        }
    }

    void group(String name, PlanDocument inside) {
        properties.add(new Property(name, new Group(inside)));
    }

    void elements(String name, String each, List<PlanDocument> groups) {
        properties.add(new Property(name, new Elements(each, groups)));
    }

    private static StringBuilder newLine(StringBuilder out, int indent) {
        return out.append('\n').append(" ".repeat(indent));
    }

    // ---- JSON ----------------------------------------------------------------------------------------------------

    String json() {
        StringBuilder out = new StringBuilder("[\n  ");
        json(out, INDENT);
        return out.append("\n]").toString();
    }

    private void json(StringBuilder out, int indent) {
        int inner = indent + INDENT;
        out.append('{');
        String separator = "";
        for (Property property : properties) {
            newLine(out.append(separator), inner)
                    .append(quoted(property.name()))
                    .append(": ");
            Value value = property.value();
            if (value instanceof Text text) {
                out.append(quoted(text.text()));
            } else if (value instanceof Digits number) {
                out.append(number.digits());
            } else if (value instanceof Servers servers) {
                out.append(String.join("\n" + " ".repeat(inner), servers.lines()));
            } else if (value instanceof Group group) {
                group.inside().json(out, inner);
            } else if (value instanceof Elements elements) {
                String next = "";
                out.append('[');
                for (PlanDocument element : elements.groups()) {
                    newLine(out.append(next), inner + INDENT);
                    element.json(out, inner + INDENT);
                    next = ",";
                }
                newLine(out, inner).append(']');
            }
            separator = ",";
        }
        newLine(out, indent).append('}');
    }

    private static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        return text.append('"').toString();
    }

    // ---- YAML ----------------------------------------------------------------------------------------------------

    String yaml() {
        StringBuilder out = new StringBuilder("- ");
        yaml(out, INDENT);
        return out.toString();
    }

    private void yaml(StringBuilder out, int indent) {
        boolean isFirst = true;
        for (Property property : properties) {
            if (!isFirst) {
                newLine(out, indent);
            }
            isFirst = false;
            out.append(property.name()).append(": ");
            Value value = property.value();
            int inner = indent + INDENT;
            if (value instanceof Text text) {
                out.append(quoted(text.text()));
            } else if (value instanceof Digits number) {
                out.append(number.digits());
            } else if (value instanceof Servers servers) {
                servers.lines().forEach(line -> newLine(out, inner).append(line));
            } else if (value instanceof Group group) {
                group.inside().yaml(newLine(out, inner), inner);
            } else if (value instanceof Elements elements) {
                elements.groups()
                        .forEach(element -> element.yaml(newLine(out, inner).append("- "), inner + INDENT));
            }
        }
    }

    // ---- XML -----------------------------------------------------------------------------------------------------

    String xml() {
        StringBuilder out = new StringBuilder("<explain xmlns=\"http://www.postgresql.org/2009/explain\">");
        xml(out, INDENT);
        return out.append("\n</explain>").toString();
    }

    private void xml(StringBuilder out, int indent) {
        for (Property property : properties) {
            String tag = tag(property.name());
            newLine(out, indent).append('<').append(tag).append('>');
            Value value = property.value();
            int inner = indent + INDENT;
            if (value instanceof Text text) {
                out.append(escaped(text.text()));
            } else if (value instanceof Digits number) {
                out.append(number.digits());
            } else {
                if (value instanceof Servers servers) {
                    servers.lines().forEach(line -> newLine(out, inner).append(line));
                } else if (value instanceof Group group) {
                    group.inside().xml(out, inner);
                } else if (value instanceof Elements elements) {
                    String each = tag(elements.each());
                    for (PlanDocument element : elements.groups()) {
                        newLine(out, inner).append('<').append(each).append('>');
                        element.xml(out, inner + INDENT);
                        newLine(out, inner).append("</").append(each).append('>');
                    }
                }
                newLine(out, indent);
            }
            out.append("</").append(tag).append('>');
        }
    }

    private static String tag(String name) {
        return name.replace(' ', '-');
    }

    private static String escaped(String value) {
        return value.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\r", "&#x0d;");
    }
}
