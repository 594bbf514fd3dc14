package dev.fanfold;

import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.util.Map;
import java.util.Optional;

/** Writes values as JSON text. */
final class JsonPrinter {
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private JsonPrinter() {}

  static void print(Object value, StringBuilder out) {
    if (value == null) out.append("null");
    else if (value instanceof CharSequence || value instanceof Character || value instanceof Enum)
      quote(value instanceof Enum<?> constant ? constant.name() : value.toString(), out);
    else if (value instanceof Boolean) out.append(value);
    else if (value instanceof Number number) number(number, out);
    else if (value instanceof Map<?, ?> map) object(map, out);
    else if (value instanceof Iterable<?> items) array(items, out);
    else if (value instanceof Optional<?> optional) print(optional.orElse(null), out);
    else if (value.getClass().isArray()) array(value, out);
    else if (value instanceof Record fields) object(fields, out);
    else throw new IllegalArgumentException("JSON has no form for " + value.getClass().getName());
  }

  private static void number(Number number, StringBuilder out) {
    double size = number.doubleValue();
    boolean isBroken = number instanceof Double || number instanceof Float;
    if (isBroken && (Double.isNaN(size) || Double.isInfinite(size)))
      throw new IllegalArgumentException("JSON has no form for the number " + number);
    out.append(number);
  }

  private static void object(Map<?, ?> map, StringBuilder out) {
    char before = '{';
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(before);
      quote(String.valueOf(entry.getKey()), out);
      out.append(':');
      print(entry.getValue(), out);
      before = ',';
    }
    out.append(before == '{' ? "{}" : "}");
  }

  private static void object(Record fields, StringBuilder out) {
    char before = '{';
    for (RecordComponent field : fields.getClass().getRecordComponents()) {
      out.append(before);
      quote(field.getName(), out);
      out.append(':');
      print(JsonShape.read(field, fields), out);
      before = ',';
    }
    out.append(before == '{' ? "{}" : "}");
  }

  private static void array(Iterable<?> items, StringBuilder out) {
    char before = '[';
    for (Object item : items) {
      print(item, out.append(before));
      before = ',';
    }
    out.append(before == '[' ? "[]" : "]");
  }

  private static void array(Object items, StringBuilder out) {
    int length = Array.getLength(items);
    out.append('[');
    for (int at = 0; at < length; at++) print(Array.get(items, at), at == 0 ? out : out.append(','));
    out.append(']');
  }

  static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int at = 0; at < text.length(); at++) {
      char sign = text.charAt(at);
      if (sign == '"' || sign == '\\') out.append('\\').append(sign);
      else if (sign == '\n') out.append("\\n");
      else if (sign < ' ' || Character.isSurrogate(sign) && !isPaired(text, at)) escape(sign, out);
      else out.append(sign);
    }
    out.append('"');
  }

  /** Half a character would be lost on its way through UTF-8. */
  private static boolean isPaired(String text, int at) {
    if (Character.isHighSurrogate(text.charAt(at)))
      return at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1));
    return at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
  }

  private static void escape(char sign, StringBuilder out) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) out.append(HEX[sign >> shift & 15]);
  }
}
