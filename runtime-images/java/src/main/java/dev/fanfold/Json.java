package dev.fanfold;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * JSON text to values and back.
 *
 * <p>Objects are {@link Map}s that keep their order, arrays are {@link List}s, whole numbers are {@link Long}s
 * ({@link BigInteger} where they are too large), other numbers {@link Double}s, and null is null. The JDK has no JSON; a
 * package here would stand in the way of the one that task code chose, since both share a process.
 */
public final class Json {
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /**
   * Reads one value.
   *
   * @throws IllegalArgumentException where the text is no JSON; says at which character
   */
  public static Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value();
    json.skipBlanks();
    if (json.at < text.length()) throw json.mistake("the end");
    return value;
  }

  /**
   * Writes a value: maps, iterables, arrays, records, text, numbers, booleans and null; enums and others that say so by
   * their text are not guessed at.
   *
   * @throws IllegalArgumentException for what JSON has no form for
   */
  public static String print(Object value) {
    StringBuilder out = new StringBuilder();
    JsonPrinter.print(value, out);
    return out.toString();
  }

  private Object value() {
    skipBlanks();
    if (at == text.length()) throw mistake("a value");
    char sign = text.charAt(at);
    return switch (sign) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string();
      case 't' -> word("true", Boolean.TRUE);
      case 'f' -> word("false", Boolean.FALSE);
      case 'n' -> word("null", null);
      default -> number();
    };
  }

  private Map<String, Object> object() {
    Map<String, Object> members = new LinkedHashMap<>();
    at++;
    if (ends('}')) return members;
    do {
      skipBlanks();
      if (at == text.length() || text.charAt(at) != '"') throw mistake("a name in quotes");
      String name = string();
      skipBlanks();
      if (at == text.length() || text.charAt(at) != ':') throw mistake("':'");
      at++;
      members.put(name, value());
    } while (goesOn('}'));
    return members;
  }

  private List<Object> array() {
    List<Object> items = new ArrayList<>();
    at++;
    if (ends(']')) return items;
    do items.add(value());
    while (goesOn(']'));
    return items;
  }

  private boolean ends(char end) {
    skipBlanks();
    if (at == text.length() || text.charAt(at) != end) return false;
    at++;
    return true;
  }

  private boolean goesOn(char end) {
    skipBlanks();
    char sign = at == text.length() ? 0 : text.charAt(at++);
    if (sign == ',') return true;
    if (sign == end) return false;
    at--;
    throw mistake("',' or '" + end + "'");
  }

  private String string() {
    int start = ++at;
    while (at < text.length()) {
      char sign = text.charAt(at);
      if (sign == '"') return text.substring(start, at++);
      if (sign == '\\') return escapedString(start);
      if (sign < ' ') break;
      at++;
    }
    throw mistake("'\"'");
  }

  private String escapedString(int start) {
    StringBuilder out = new StringBuilder().append(text, start, at);
    while (at < text.length()) {
      char sign = text.charAt(at++);
      if (sign == '"') return out.toString();
      if (sign < ' ') break;
      out.append(sign == '\\' ? escape() : sign);
    }
    throw mistake("'\"'");
  }

  private char escape() {
    char sign = at == text.length() ? 0 : text.charAt(at++);
    return switch (sign) {
      case '"', '\\', '/' -> sign;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> codeUnit();
      default -> throw mistake("an escape that is known");
    };
  }

  private char codeUnit() {
    int code = 0;
    for (int end = at + 4; at < end; at++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0) throw mistake("four hexadecimal digits");
      code = code * 16 + digit;
    }
    return (char) code;
  }

  private Object word(String word, Object meant) {
    if (!text.startsWith(word, at)) throw mistake("a value");
    at += word.length();
    return meant;
  }

  private Object number() {
    int start = at;
    boolean isWhole = true;
    while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
      char sign = text.charAt(at++);
      if (sign == '.' || sign == 'e' || sign == 'E') isWhole = false;
    }
    String digits = text.substring(start, at);
    if (!NUMBER.matcher(digits).matches()) {
      at = start;
      throw mistake("a value");
    }
    if (!isWhole) return new BigDecimal(digits).doubleValue();
    return digits.length() < 19 ? (Object) Long.valueOf(digits) : whole(digits);
  }

  private static Object whole(String digits) {
    BigInteger number = new BigInteger(digits);
    return number.bitLength() < 64 ? (Object) number.longValue() : number;
  }

  private void skipBlanks() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) at++;
  }

  private IllegalArgumentException mistake(String wanted) {
    String found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
    return new IllegalArgumentException(
        "no JSON: " + wanted + " was expected at character " + at + ", not " + found);
  }
}
