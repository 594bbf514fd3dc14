package dev.fanfold;

/** There is nothing to call: a file, class or method is missing. */
final class StartException extends Exception {
  private static final long serialVersionUID = 1;

  StartException(String message) {
    super(message);
  }
}
