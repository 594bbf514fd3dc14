package dev.fanfold;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Gives values of JSON the type that code asks for: records, lists, maps, arrays, enums, numbers. */
final class JsonShape {
  private JsonShape() {}

  /** {@code place} names the value in what is said of a mistake. */
  static Object as(Object value, Type type, String place) {
    if (type instanceof ParameterizedType generic) return asGeneric(value, generic, place);
    Class<?> wanted = type instanceof Class<?> known ? known : Object.class;
    if (value == null) {
      if (wanted.isPrimitive()) throw wrong(place, wanted.getName(), null);
      return null;
    }
    if (wanted.isInstance(value)) return value;
    if (value instanceof Number number && isNumber(wanted)) return asNumber(number, wanted, place);
    if (value instanceof Boolean && wanted == boolean.class) return value;
    if (value instanceof String text && wanted.isEnum()) return asEnum(text, wanted, place);
    if (value instanceof List<?> items && wanted.isArray()) return asArray(items, wanted, place);
    if (value instanceof Map<?, ?> map && wanted.isRecord()) return asRecord(map, wanted, place);
    throw wrong(place, wanted.getSimpleName(), value);
  }

  private static Object asGeneric(Object value, ParameterizedType type, String place) {
    Class<?> raw = (Class<?>) type.getRawType();
    Type[] arguments = type.getActualTypeArguments();
    if (raw == Optional.class) return Optional.ofNullable(as(value, arguments[0], place));
    if (value instanceof List<?> items && raw.isAssignableFrom(List.class)) {
      List<Object> list = new ArrayList<>(items.size());
      for (Object item : items) list.add(as(item, arguments[0], place + "[" + list.size() + "]"));
      return list;
    }
    if (value instanceof Map<?, ?> members && raw.isAssignableFrom(Map.class)) {
      Map<String, Object> map = new LinkedHashMap<>();
      members.forEach((name, member) -> map.put((String) name, as(member, arguments[1], place + "." + name)));
      return map;
    }
    return as(value, raw, place);
  }

  private static boolean isNumber(Class<?> type) {
    return Number.class.isAssignableFrom(type) || type.isPrimitive() && type != boolean.class && type != char.class;
  }

  private static Object asNumber(Number number, Class<?> type, String place) {
    BigDecimal exact = new BigDecimal(number.toString());
    try {
      if (type == double.class || type == Double.class) return number.doubleValue();
      if (type == float.class || type == Float.class) return number.floatValue();
      if (type == int.class || type == Integer.class) return exact.intValueExact();
      if (type == long.class || type == Long.class) return exact.longValueExact();
      if (type == short.class || type == Short.class) return exact.shortValueExact();
      if (type == byte.class || type == Byte.class) return exact.byteValueExact();
      if (type == BigInteger.class) return exact.toBigIntegerExact();
      if (type == BigDecimal.class) return exact;
    } catch (ArithmeticException error) {
      throw wrong(place, type.getSimpleName(), number);
    }
    throw wrong(place, type.getSimpleName(), number);
  }

  private static Object asEnum(String text, Class<?> type, String place) {
    for (Object constant : type.getEnumConstants())
      if (((Enum<?>) constant).name().equalsIgnoreCase(text)) return constant;
    throw wrong(place, "one of " + List.of(type.getEnumConstants()), text);
  }

  private static Object asArray(List<?> items, Class<?> type, String place) {
    Object array = Array.newInstance(type.getComponentType(), items.size());
    for (int at = 0; at < items.size(); at++)
      Array.set(array, at, as(items.get(at), type.getComponentType(), place + "[" + at + "]"));
    return array;
  }

  private static Object asRecord(Map<?, ?> map, Class<?> type, String place) {
    RecordComponent[] fields = type.getRecordComponents();
    Class<?>[] types = new Class<?>[fields.length];
    Object[] values = new Object[fields.length];
    for (int at = 0; at < fields.length; at++) {
      String name = fields[at].getName();
      types[at] = fields[at].getType();
      values[at] = as(map.get(name), fields[at].getGenericType(), place + "." + name);
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException(place + ": " + error.getCause().getMessage(), error.getCause());
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException(place + ": " + error.getMessage(), error);
    }
  }

  static Object read(RecordComponent field, Record from) {
    try {
      var accessor = field.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(from);
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException(field.getName() + ": " + error.getMessage(), error);
    }
  }

  private static IllegalArgumentException wrong(String place, String wanted, Object found) {
    String text = found instanceof String ? "\"" + found + "\"" : String.valueOf(found);
    String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
    return new IllegalArgumentException(place + " must be " + wanted + ", not " + cut);
  }
}
