# frozen_string_literal: true

# What a call in the warm process sees of its attempt, and how it reaches the executor.

require 'json'
require 'stringio'
require_relative 'lib/fanfold'

module FanfoldHarness
  LINE_MAX = 64_000

  # The pipe to the executor. What a signal has to send in the middle of another message comes after it.
  module Out
    @pipe = IO.for_fd(4, 'wb', autoclose: false)
    @pipe.sync = true
    class << self
      attr_reader :busy
      attr_writer :later

      # Returns when all is in the pipe: what was sent is not lost when the process dies.
      def text(text)
        @busy = true
        at = 0
        bytes = text.b
        at += @pipe.syswrite(at.zero? ? bytes : bytes.byteslice(at..)) while at < bytes.bytesize
        @busy = false
        later, @later = @later, nil
        later&.call
      end

      def value(value) = text("#{JSON.generate(value)}\n")
    end
  end

  def self.now_ms = Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond)

  # The second argument of a call.
  class Task
    include Fanfold::Saying
    include Fanfold::Asking
    attr_reader :number, :input, :run, :id, :attempt, :workflow, :artifacts, :inputs
    attr_writer :cancelled

    class << self
      # Of the harness: reads messages, or waits a moment for some.
      attr_accessor :pump
    end

    def initialize(message)
      @number, @input, @run, @id, @attempt, @workflow, folders = message
      @artifacts = folders&.fetch('left', nil)
      @inputs = folders&.fetch('needed', nil)
      @cancelled = false
      @open = [+'', +'']
    end

    def cancelled? = @cancelled

    def answered(number, answer) = (@answers ||= {})[number] = answer

    def folder = ENV.fetch('TMPDIR', '/tmp')

    def log(*values) = write(0, "#{values.join(' ')}\n")

    # Takes text of stdout (0) or stderr (1); lines go out at once, since nothing else runs while the call does.
    def write(stream, text)
      *lines, last = (@open[stream] + text.to_s.dup.force_encoding(Encoding::BINARY)).split("\n", -1)
      lines << last.slice!(0, LINE_MAX) while last && last.bytesize > LINE_MAX
      @open[stream] = last || +''
      print_lines(stream, lines)
    end

    # The call is over: also what has no line end goes out.
    def close_log
      2.times do |stream|
        text, @open[stream] = @open[stream], +''
        print_lines(stream, [text]) unless text.empty?
      end
    end

    private

    def ask(asked, number)
      say({ once: asked, ask: number })
      Task.pump.call until @answers&.key?(number)
      @answers.delete(number)
    end

    def print_lines(stream, lines)
      return if lines.empty?

      texts = lines.map { |line| line.dup.force_encoding(Encoding::UTF_8).scrub }
      Out.value(['log', @number, FanfoldHarness.now_ms, stream, texts])
    end

    def say(message) = Out.value(['say', @number, FanfoldHarness.now_ms, message])
  end

  # Stands for $stdout or $stderr: what is written is the log of the call that runs, and outside of calls goes past us.
  class Capture < StringIO
    class << self
      attr_accessor :task
    end

    def initialize(stream, past)
      super()
      @stream = stream
      @past = past
    end

    def write(*texts)
      texts.each { |text| Capture.task ? Capture.task.write(@stream, text.to_s) : @past.write(text) }
      texts.sum { |text| text.to_s.bytesize }
    end

    alias syswrite write
    def sync = true
    def fileno = @past.fileno
    def tty? = false
  end
end
